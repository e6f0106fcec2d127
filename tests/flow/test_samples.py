"""The sets of inputs: the jets as they are, and stress sets that really hold what they are named after."""

from __future__ import annotations

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.fixedpoint import Format
from fpga_tf.flow.samples import EVALUATION, STRESS, Inputs, ModelInput, evaluation_inputs, input_sets, samples_of
from fpga_tf.lower.inputs import BIT, InputPort

SHAPE = (4, 3)
FORMATS = {
    "saturating": Format.parse("ap_fixed<6,3,AP_RND_CONV,AP_SAT>"),
    "wrapping": Format.parse("ap_fixed<7,2>"),
    "unsigned": Format.parse("ap_ufixed<5,4,AP_RND,AP_SAT>"),
    "coarse": Format.parse("ap_fixed<4,6>"),
}


def port(fmt: Format) -> InputPort:
    return InputPort("tracks", fmt, SHAPE, raw=True, mask=False)


def mask(*shape: int) -> InputPort:
    return InputPort("mask", BIT, shape, raw=False, mask=True)


def jets(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *SHAPE)).astype(np.float32)


def sets(fmt: Format, *, count: int = 50, stress: int = 40, seed: int = 7) -> dict[str, Inputs]:
    return input_sets([port(fmt)], [jets(count)], stress, seed)


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
def test_sizes(fmt: Format) -> None:
    found = sets(fmt)
    assert list(found) == [EVALUATION, *STRESS]
    assert np.array_equal(found[EVALUATION][0], jets(50))
    for name in STRESS:
        assert found[name][0].shape == (40, *SHAPE)
        assert found[name][0].dtype == np.float64


def test_as_many_as_asked_for_even_if_there_are_fewer_jets() -> None:
    found = sets(FORMATS["wrapping"], count=3, stress=200)
    assert {len(found[name][0]) for name in STRESS} == {200}


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
def test_minima_and_maxima(fmt: Format) -> None:
    found = sets(fmt)
    for name, extreme in (("minima", fmt.min), ("maxima", fmt.max)):
        x = found[name][0]
        assert (x[0] == extreme).all()
        share = float((x[1:] == extreme).mean())
        assert 0.3 < share < 0.7
        # the other places hold real values
        assert np.isin(x[1:][x[1:] != extreme].astype(np.float32), jets(50)).all()
        code = fmt.min_code if name == "minima" else fmt.max_code
        assert (port(fmt).codes(x)[0] == code).all()


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
def test_every_doubled_jet_overflows(fmt: Format) -> None:
    x = sets(fmt)["doubled"][0]
    limit = max(fmt.max, -fmt.min)
    largest = np.abs(x).reshape(len(x), -1).max(axis=1)
    assert np.allclose(largest, 2 * limit, rtol=1e-12)
    beyond = (x > fmt.max + fmt.lsb) | (x < fmt.min - fmt.lsb)
    assert beyond.reshape(len(x), -1).any(axis=1).all()
    codes = port(fmt).codes(x)
    assert (codes >= fmt.min_code).all() and (codes <= fmt.max_code).all()


def test_a_doubled_jet_without_tracks_stays_empty() -> None:
    found = input_sets([port(FORMATS["wrapping"])], [np.zeros((5, *SHAPE), np.float32)], 4, 1)
    assert not found["doubled"][0].any()


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
def test_random_codes_cover_the_format(fmt: Format) -> None:
    x = sets(fmt, stress=2000)["random"][0]
    codes, on = fmt.codes_of(x)
    assert on.all()
    counts = np.bincount((codes - fmt.min_code).ravel(), minlength=fmt.max_code - fmt.min_code + 1)
    assert len(counts) == fmt.max_code - fmt.min_code + 1
    expected = codes.size / len(counts)
    assert (np.abs(counts - expected) < 6 * np.sqrt(expected)).all()


def test_the_seed_decides_the_stress_sets() -> None:
    one, same, other = (sets(FORMATS["wrapping"], seed=seed) for seed in (1, 1, 2))
    for name in STRESS:
        assert np.array_equal(one[name][0], same[name][0])
        assert not np.array_equal(one[name][0], other[name][0])
    assert np.array_equal(one[EVALUATION][0], other[EVALUATION][0])


def test_masks_are_stressed_by_bits() -> None:
    ports = [port(FORMATS["wrapping"]), mask(4)]
    x = jets(30)
    x[:, 2:] = 0
    found = input_sets(ports, evaluation_inputs(ports, x), 64, 3)
    for name in STRESS:
        bits = found[name][1]
        assert bits.shape == (64, 4)
        assert set(np.unique(bits)) == {0.0, 1.0}
    assert not found["minima"][1][0].any()
    assert found["maxima"][1][0].all()
    assert len({row.tobytes() for row in found["random"][1]}) == 16  # every pattern


def test_a_mask_says_which_rows_hold_a_track() -> None:
    x = jets(2)
    x[0, 1:] = 0
    x[1] = 0
    features, rows, pairs = evaluation_inputs([port(FORMATS["wrapping"]), mask(4), mask(5, 4)], x)
    assert features is x
    assert rows.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    assert pairs.shape == (2, 5, 4)
    assert (pairs == rows[:, None, :]).all()
    assert rows.dtype == pairs.dtype == np.float32


def test_a_float_model_is_fed_by_shape_alone() -> None:
    (found,) = evaluation_inputs([ModelInput("tracks", SHAPE, mask=False)], jets(3))
    assert np.array_equal(found, jets(3))


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ([], "a model must have exactly one input of features, not 0 (none)"),
        ([mask(4)], "a model must have exactly one input of features, not 0 (none)"),
        (
            [ModelInput("a", SHAPE, False), ModelInput("b", SHAPE, False)],
            "a model must have exactly one input of features, not 2 (a, b)",
        ),
        (
            [ModelInput("a", (5, 3), False)],
            "the data must have the shape of the model's input, (5, 3), not (4, 3)\n  at   input a",
        ),
        (
            [ModelInput("a", SHAPE, False), mask(3)],
            "a mask input must have shape (4,), not (3,)\n  at   input mask",
        ),
        (
            [ModelInput("a", SHAPE, False), mask(4, 4, 4)],
            "a mask input must have shape (4,), not (4, 4, 4)\n  at   input mask",
        ),
    ],
)  # fmt: skip
def test_inputs_that_the_data_cannot_feed(ports: list[ModelInput], message: str) -> None:
    with pytest.raises(UserError) as caught:
        evaluation_inputs(ports, jets(2))
    assert str(caught.value) == message


def test_samples_of() -> None:
    assert (
        samples_of({"a": [np.zeros((3, 2), np.int64), np.zeros((3,), np.int64)], "b": [np.zeros((4, 1), np.int64)]})
        == 7
    )
