"""The reference taggers: shape, size and what the shipped ones reach."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.jets import hgq2, taggers
from fpga_tf.jets.sample import JetSample, read_sample

CONFIGS = Path(__file__).parents[2] / "configs"
MODELS = CONFIGS / "models"


@pytest.fixture(scope="module")
def jets() -> JetSample:
    return read_sample(CONFIGS / "data/flavour.h5", "x_eval", "y_eval")


def b_against_light(scores: np.ndarray, y: np.ndarray) -> float:
    """Area under the ROC curve by counting ranks (no ties are expected between floats)."""
    kept = y != 1
    order = np.argsort(scores[kept], kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    signal = y[kept] == 0
    n = signal.sum()
    return float((rank[signal].sum() - n * (n + 1) / 2) / (n * (~signal).sum()))


def check_names(model: object) -> None:
    names = [layer.name for layer in model.layers]  # type: ignore[attr-defined]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_float_tagger_is_small_and_plain() -> None:
    model = taggers.float_tagger()
    assert model.count_params() == 5555
    assert model.input_shape == (None, 15, 6)
    assert [tensor.name for tensor in model.inputs] == ["tracks"]
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds == {"InputLayer", "Dense", "MultiHeadAttention", "Add", "GlobalAveragePooling1D", "Softmax"}
    check_names(model)


def test_student_is_a_third_of_the_size() -> None:
    model = taggers.float_tagger(taggers.STUDENT)
    assert model.count_params() == 1957
    assert model.get_layer("attention1").value_dim == 6
    check_names(model)


def test_shipped_float_tagger(jets: JetSample) -> None:
    import keras

    path = MODELS / "flavour_float.keras"
    assert path.stat().st_size < 300_000
    model = keras.saving.load_model(path, compile=False)
    fresh = taggers.float_tagger()
    assert [(type(x), x.name) for x in model.layers] == [(type(x), x.name) for x in fresh.layers]
    assert [(w.path, w.shape) for w in model.weights] == [(w.path, w.shape) for w in fresh.weights]
    probability = model.predict(jets.x, batch_size=2048, verbose=0)
    assert np.mean(probability.argmax(axis=1) == jets.y) == pytest.approx(0.7655, abs=0.002)
    score = np.log(probability[:, 0] / probability[:, 2])
    assert b_against_light(score, jets.y) == pytest.approx(0.9256, abs=0.001)


def test_hgq2_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("hgq", "hgq.layers", "hgq.config"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError) as caught:
        hgq2.hgq2_tagger(beta=1e-7)
    assert caught.value.hint == "pip install 'fpga_tf[hgq2]' in an environment without QKeras"


@pytest.mark.hgq2
def test_shipped_hgq2_tagger(jets: JetSample) -> None:
    pytest.importorskip("hgq")
    import keras

    path = MODELS / "flavour_hgq2.keras"
    assert path.stat().st_size < 600_000
    import hgq.layers  # noqa: F401  (registers its classes with Keras)

    model = keras.saving.load_model(path, compile=False)
    check_names(model)
    assert [layer.name for layer in model.layers] == [layer.name for layer in hgq2.hgq2_tagger(1e-7).layers]
    logits = model.predict(jets.x, batch_size=2000, verbose=0)
    assert np.mean(logits.argmax(axis=1) == jets.y) == pytest.approx(0.7617, abs=0.0005)
    assert b_against_light(logits[:, 0] - logits[:, 2], jets.y) == pytest.approx(0.9181, abs=0.001)
