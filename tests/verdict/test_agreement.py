"""Comparison of codes: exact counts, no overflow, nothing compared is no agreement."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fpga_tf.errors import InternalError
from fpga_tf.verdict.agreement import WORST, Agreement, Codes, WorstSample, combine, compare, first_divergence

LOW, HIGH = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def codes(values: object) -> Codes:
    return np.array(values, dtype=np.int64)


def test_equal_codes_agree() -> None:
    one = compare(codes([[1, -2], [3, 4]]), codes([[1, -2], [3, 4]]), name="evaluation")
    assert (one.name, one.differing, one.compared, one.max_lsb, one.worst) == ("evaluation", 0, 4, 0, ())
    assert one.exact


def test_differences_are_counted_and_located() -> None:
    reference = codes([[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]])
    firmware = reference.copy()
    firmware[1, 1, 0] += 3
    firmware[2, 0, 1] -= 7
    firmware[2, 1, 1] += 1
    one = compare(reference, firmware, name="random")
    assert (one.differing, one.compared, one.max_lsb) == (3, 12, 7)
    assert one.worst == (WorstSample("random", 2, 1, 9, 2), WorstSample("random", 1, 2, 6, 9))
    assert [sample.lsb for sample in one.worst] == [7, 3]
    assert not one.exact


def test_the_largest_possible_difference_does_not_overflow() -> None:
    one = compare(codes([[LOW], [HIGH], [0]]), codes([[HIGH], [LOW], [1]]), name="x")
    assert one.max_lsb == 2**64 - 1
    assert [(sample.sample, sample.lsb) for sample in one.worst] == [(0, 2**64 - 1), (1, 2**64 - 1), (2, 1)]


@settings(max_examples=200)
@given(
    st.integers(0, 2**32 - 1),
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=6),
    st.lists(st.integers(LOW, HIGH), min_size=2, max_size=4),
)
def test_compare_equals_arithmetic_in_python_integers(seed: int, shape: tuple[int, ...], pool: list[int]) -> None:
    rng = np.random.default_rng(seed)
    reference, firmware = (codes(pool)[rng.integers(0, len(pool), shape)] for _ in range(2))
    one = compare(reference, firmware, name="x")
    pairs = list(zip(reference.ravel().tolist(), firmware.ravel().tolist(), strict=True))
    distances = [abs(left - right) for left, right in pairs]
    assert one.compared == len(pairs)
    assert one.differing == sum(left != right for left, right in pairs)
    assert one.max_lsb == max(distances)
    outputs = len(pairs) // shape[0]
    by_sample = [(max(distances[i * outputs : (i + 1) * outputs]), i) for i in range(shape[0])]
    expected = sorted((-lsb, i) for lsb, i in by_sample if lsb)[:WORST]
    assert [(-sample.lsb, sample.sample) for sample in one.worst] == expected
    for sample in one.worst:
        assert pairs[sample.sample * outputs + sample.output] == (sample.reference, sample.firmware)


def test_comparing_nothing_is_no_agreement() -> None:
    empty = compare(codes(np.zeros((0, 3))), codes(np.zeros((0, 3))), name="none")
    assert (empty.differing, empty.compared, empty.max_lsb) == (0, 0, None)
    assert not empty.exact
    full = compare(codes([[1]]), codes([[1]]), name="one")
    assert combine([full]).exact
    assert not combine([full, empty]).exact
    assert not combine([]).exact
    assert combine([]).max_lsb is None


@pytest.mark.parametrize(
    ("reference", "firmware", "message"),
    [
        (codes([[1, 2]]), codes([[1], [2]]), "must have the reference's shape"),
        (codes([1]), np.array([1], dtype=np.int32), "firmware codes must be int64"),
        (np.array([1.0]), codes([1]), "reference codes must be int64"),
        (codes(1), codes(1), "must be int64 of shape"),
    ],
)
def test_arrays_that_are_not_comparable_are_our_fault(reference: Codes, firmware: Codes, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        compare(reference, firmware, name="x")


def test_the_first_layer_that_differs_is_found_in_the_models_order() -> None:
    seen = []

    def layers() -> Iterator[tuple[str, Codes, Codes]]:
        for name, step in (("dense", 0), ("attention", 2), ("softmax", 9)):
            seen.append(name)
            yield name, codes([[1, 1]]), codes([[1, 1 + step]])

    found = first_divergence(layers())
    assert found is not None
    assert (found.layer, found.agreement.differing, found.agreement.max_lsb) == ("attention", 1, 2)
    assert seen == ["dense", "attention"]
    assert first_divergence([("dense", codes([1]), codes([1]))]) is None


def test_sets_are_summed_and_their_worst_samples_merged() -> None:
    small = compare(codes([[0], [0]]), codes([[1], [0]]), name="small")
    large = compare(codes([[0]] * 9), codes([[2]] * 8 + [[-5]]), name="large")
    total = combine([small, large], first_diverging_layer="attention")
    assert (total.differing, total.compared, total.max_lsb) == (10, 11, 5)
    assert (total.first_diverging_layer, total.sets) == ("attention", (small, large))
    assert [sample.set for sample in total.worst] == ["large"] * WORST
    assert (total.worst[0].sample, total.worst[0].lsb) == (8, 5)
    assert not total.exact


def test_json_keeps_everything() -> None:
    total = combine([compare(codes([[LOW], [3]]), codes([[HIGH], [3]]), name="x")], first_diverging_layer="a")
    text = json.dumps(total.to_json(), allow_nan=False)
    assert list(total.to_json()) == ["differing", "compared", "max_lsb", "first_diverging_layer", "sets", "worst"]
    assert Agreement.from_json(json.loads(text)) == total
