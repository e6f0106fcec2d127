"""Keras codes = C-simulation codes, for HGQ2's layers, which hls4ml 1.3 alone compiles wrongly or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.store import Store

pytestmark = pytest.mark.hgq2

LENGTH, WIDTH = 5, 4


def traced(build: Any, *shapes: tuple[int, ...], heterogeneous: bool = False) -> tuple[Any, list[Any]]:
    """A model with its ranges fixed on random inputs, and those inputs."""
    import keras
    from hgq.config import QuantizerConfigScope
    from hgq.utils import trace_minmax

    keras.utils.set_random_seed(3)
    axes = {} if heterogeneous else {"heterogeneous_axis": (), "homogeneous_axis": None}
    with QuantizerConfigScope(place="datalane", **axes):
        inputs = [keras.Input(shape, name=f"x{i}") for i, shape in enumerate(shapes)]
        model = keras.Model(inputs if len(inputs) > 1 else inputs[0], build(*inputs))
    rng = np.random.default_rng(5)
    data = [rng.normal(0, 1.5, (300, *shape)).astype(np.float32) for shape in shapes]
    trace_minmax(model, data if len(data) > 1 else data[0], verbose=False)
    return model, data


def encoder(x: Any) -> Any:
    from hgq.layers import QAdd, QBatchNormalization, QDense, QGlobalAveragePooling1D, QMultiHeadAttention

    x = QDense(WIDTH, activation="relu", name="embed")(x)
    x = QAdd(name="total")([x, QMultiHeadAttention(2, 3, name="mha")(x, x)])
    x = QBatchNormalization(name="norm")(x)
    return QDense(3, name="logits")(QGlobalAveragePooling1D(name="pool")(x))


def crossed(x: Any, y: Any) -> Any:
    from hgq.layers import QLinformerAttention, QMultiHeadAttention, QSoftmax

    mixed = QMultiHeadAttention(1, 2, value_dim=3, name="cross")(x, y)
    mixed = QLinformerAttention(lin_kv_proj_dim=[2], num_heads=1, key_dim=2, name="linformer")(mixed, y)
    return QSoftmax(name="weights")(mixed)


def proved(model: Any, data: list[Any], folder: Path, store: Store) -> Any:
    from fpga_tf.hls.hgq2 import convert_hgq2
    from tests.conformance.proof import make, run

    project = make(model, folder, store, converter=convert_hgq2, frontend="hgq2")
    kinds = set(project.converted.state.classes.values())
    assert not any("DACombinational" in kind for kind in kinds)
    from fpga_tf.models.evaluate import evaluate, output_keys

    given = [np.concatenate([x, 2 * x]) for x in data]
    sim = run(project, given)
    keys = [*output_keys(model), *(p.reference for p in project.manifest.layers)]
    values = evaluate(model, given, list(dict.fromkeys(keys)), exact=False)
    for port, codes in zip(project.manifest.outputs, sim.outputs, strict=True):
        expected, on = port.type.codes_of(values[port.reference])
        assert on.all()
        assert np.ptp(expected) > 0
        assert np.array_equal(expected, codes), port.name
    for port, codes in zip(project.manifest.layers, sim.layers, strict=True):
        assert np.array_equal(port.type.quantise(values[port.reference]), codes), port.name
    return project


@pytest.mark.parametrize("heterogeneous", [False, True], ids=["per tensor", "per element"])
def test_an_encoder_is_exact(heterogeneous: bool, tmp_path: Path, store: Store) -> None:
    model, data = traced(encoder, (LENGTH, 3), heterogeneous=heterogeneous)
    project = proved(model, data, tmp_path / "project", store)
    labels = {port.name for port in project.manifest.layers}
    assert {"embed", "total"} <= labels
    assert "Softmax" in project.converted.state.classes.values()


def test_cross_attention_linformer_and_softmax_are_exact(tmp_path: Path, store: Store) -> None:
    model, data = traced(crossed, (LENGTH, 3), (4, 2))
    proved(model, data, tmp_path / "project", store)


def masked(x: Any) -> Any:
    from hgq.layers import QMultiHeadAttention

    return QMultiHeadAttention(1, 2, name="mha")(x, x, use_causal_mask=True)


def scored(x: Any) -> Any:
    from hgq.layers import QMultiHeadAttention

    return QMultiHeadAttention(1, 2, name="mha")(x, x, return_attention_scores=True)


@pytest.mark.parametrize("build", [masked, scored])
def test_what_hls4ml_would_ignore_is_refused(build: Any, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    model, _ = traced(build, (LENGTH, 3))
    with pytest.raises(UserError) as caught:
        convert_hgq2(model, Target("top", tmp_path))
    assert caught.value.where == "layer mha"
    assert "hls4ml would ignore it" in caught.value.what
    assert not any(tmp_path.iterdir())


def test_the_registry_is_left_as_it_was(tmp_path: Path) -> None:
    from hls4ml.converters.keras_v3_to_hls import v3_layer_handlers

    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    before = dict(v3_layer_handlers)
    model, _ = traced(encoder, (LENGTH, 3))
    convert_hgq2(model, Target("top", tmp_path))
    assert v3_layer_handlers == before
