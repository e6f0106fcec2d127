"""The shipped five-class sample and taggers: what they are, what they reach, and that the quantised one is exact."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fpga_tf.jets.lhc_layout import CLASSES
from fpga_tf.jets.quantised import LHC_WIDTHS, integer_bits, quantised_tagger
from fpga_tf.jets.sample import JetSample, read_sample
from fpga_tf.jets.taggers import LHC_STUDENT, LHC_TEACHER, float_tagger
from fpga_tf.verdict.physics import physics

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = CONFIGS / "data/lhc16.h5"
STATED = {
    "teacher": (0.6328, (0.8564, 0.8772, 0.8659, 0.8464, 0.9228)),
    "student": (0.6281, (0.8530, 0.8731, 0.8627, 0.8442, 0.9214)),
    "quantised": (0.6214, (0.8529, 0.8720, 0.8581, 0.8397, 0.9203)),
}
FILES = {"teacher": "lhc16_teacher.keras", "student": "lhc16_student.keras", "quantised": "lhc16.keras"}


def jets(part: str) -> JetSample:
    return read_sample(SHIPPED, f"x_{part}", f"y_{part}")


def load(kind: str) -> Any:
    import keras

    if kind == "quantised":
        import qkeras  # noqa: F401

        import fpga_tf.layers  # noqa: F401

    return keras.saving.load_model(CONFIGS / "models" / FILES[kind], compile=False)


def test_sample() -> None:
    assert SHIPPED.stat().st_size < 2_500_000
    for part, count in (("eval", 20_000), ("calib", 4_000)):
        sample = jets(part)
        assert sample.x.shape == (count, 16, 3)
        assert sample.classes == CLASSES and sample.features == ("pt", "etarel", "phirel")
        np.testing.assert_allclose(np.bincount(sample.y) / count, 0.2, atol=0.02)
    evaluation, calibration = ({jet.tobytes() for jet in jets(part).x} for part in ("eval", "calib"))
    assert len(evaluation) == 20_000 and not evaluation & calibration


def test_sample_is_normalised_and_cut() -> None:
    x = jets("calib").x
    np.testing.assert_allclose(x.mean(axis=(0, 1)), 0, atol=0.02)
    np.testing.assert_allclose(x.std(axis=(0, 1)), 1, atol=0.02)
    with h5py.File(SHIPPED) as file:
        at = dict(file.attrs)
    assert [at[name] for name in ("format", "cut", "normalise", "padding")] == [
        *("lhc-jets", "zero-soft", "standard", "normalised")
    ]
    pt = x[..., 0] * at["divide"][0] + at["subtract"][0]
    assert ((np.abs(pt) < 0.05) | (pt > 1.95)).all()  # float16 storage
    sources = json.loads(at["sources"])
    assert [sum(s["jets"] for s in sources if s["evaluation"] is e) for e in (False, True)] == [160_000, 30_000]


@pytest.mark.parametrize(("kind", "shape"), [("teacher", LHC_TEACHER), ("student", LHC_STUDENT)])
def test_float_taggers_are_as_built(kind: str, shape: Any) -> None:
    model, fresh = load(kind), float_tagger(shape, name=f"lhc16_{kind}")
    assert model.to_json() == fresh.to_json()
    assert model.inputs[0].name == "particles" and model.output_shape == (None, 5)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", layer.name) for layer in model.layers)


@pytest.mark.qkeras
@pytest.mark.parametrize("kind", STATED)
def test_taggers_reach_what_is_stated(kind: str) -> None:
    sample = jets("eval")
    scores = load(kind).predict(sample.x, batch_size=2000, verbose=0).astype(np.float64)
    found = physics(scores, sample.y, sample.classes, "t", logits=False)
    accuracy, areas = STATED[kind]
    assert found.accuracy == pytest.approx(accuracy, abs=0.0005)
    assert list(found.auc.values()) == pytest.approx(list(areas), abs=0.0005)


@pytest.mark.qkeras
def test_quantised_tagger_is_what_student_and_calibration_give() -> None:
    made = quantised_tagger(
        integer_bits(load("student"), jets("calib").x, LHC_WIDTHS), LHC_WIDTHS, LHC_STUDENT, "lhc16"
    )
    assert made.to_json() == load("quantised").to_json()


@pytest.mark.qkeras
def test_quantised_tagger_is_exact_in_float32(tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.lower.context import FLOAT32_WIDTH

    converted = convert(load("quantised"), Target("lhc", tmp_path / "project"))
    assert {"attention1/context", "attention1/scores", "pool"} <= set(converted.state.widest)
    assert max(converted.state.widest.values()) < FLOAT32_WIDTH
