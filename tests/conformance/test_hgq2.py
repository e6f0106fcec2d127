"""Keras codes = C-simulation codes, for HGQ2's layers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fpga_tf.errors import UserError
from fpga_tf.store import Store

if TYPE_CHECKING:
    from tests.conformance.proof import Project

pytestmark = pytest.mark.hgq2
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]
GROUPS = ("elements", "attention")
SLOW = [pytest.param(group, marks=pytest.mark.slow) for group in ("tensors", "attention of elements")]


def draft_of(group: str, seed: int, folder: Path, store: Store) -> Callable[[], Project]:
    from fpga_tf.hls.hgq2 import convert_hgq2
    from tests.conformance.hgq2_cases import build_model
    from tests.conformance.proof import draft

    return draft(build_model(group, seed), folder, store, converter=convert_hgq2, frontend="hgq2")


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", [*GROUPS, *SLOW])
def test_firmware_computes_what_keras_computes(
    group: str, seed: int, projects: dict[tuple[str, int], Future[Project]]
) -> None:
    from tests.conformance.proof import prove, samples

    project = projects[group, seed].result()
    kinds = {node.class_name for node in project.converted.graph.get_layers()}
    assert "DACombinational" not in kinds and len(kinds) > 3
    proof = prove(project, samples(project.converted.inputs, np.random.default_rng(seed)))
    assert proof.differing == {}
    assert proof.compared > 5_000


def attention(**call: Any) -> Any:
    """A model with one attention, called in some way."""
    import keras
    from hgq.layers import QMultiHeadAttention

    x = keras.Input((3, 2), name="x")
    inputs = [x]
    for name, value in list(call.items()):
        if isinstance(value, tuple):
            inputs.append(keras.Input(value, dtype="bool", name=name))
            call[name] = inputs[-1]
    return keras.Model(inputs, QMultiHeadAttention(1, 2, name="attention")(x, x, **call))


@pytest.mark.parametrize(
    ("call", "ignored"),
    [
        ({"use_causal_mask": True}, "use_causal_mask"),
        ({"attention_mask": (3, 3)}, "attention_mask"),
        ({"attention_mask": np.ones((1, 3, 3), bool)}, "attention_mask"),
        ({"query_mask": (3,)}, "query_mask"),
        ({"value_mask": (3,)}, "value_mask"),
        ({"return_attention_scores": True}, "return_attention_scores"),
    ],
)
def test_what_hls4ml_would_ignore_is_refused(call: dict[str, Any], ignored: str, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    with pytest.raises(UserError, match=f"HGQ2's attention must be called without {ignored}") as caught:
        convert_hgq2(attention(**call), Target("top", tmp_path / "project"))
    assert caught.value.where == "layer attention"


def test_an_implicit_mask_is_refused(tmp_path: Path) -> None:
    import keras
    from hgq.layers import QMultiHeadAttention

    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    x = keras.Input((3, 2), name="x")
    y = keras.layers.Masking(name="masking")(x)
    model = keras.Model(x, QMultiHeadAttention(1, 2, name="attention")(y, y))
    with pytest.raises(UserError, match=r"a layer must be one that hls4ml 1\.3 converts, not .*Masking") as caught:
        convert_hgq2(model, Target("top", tmp_path / "project"))
    assert caught.value.where == "layer masking"


def branched(kind: str) -> Any:
    """A model with a tensor that hls4ml would get wrong because two read it."""
    import keras
    from hgq.layers import QDense

    x = keras.Input((3, 2), name="x")
    y = QDense(2, name="first")(x)
    other = QDense(2, name="other")(y)
    if kind == "an output":
        return keras.Model(x, [y, other])
    flat = keras.layers.Reshape((2, 3), name="again")(keras.layers.Flatten(name="flat")(y))
    return keras.Model(x, [other, QDense(2, name="last")(flat)])


@pytest.mark.parametrize(
    ("kind", "where"), [("an output", "layer first"), ("what an HGQ2 model flattens or reshapes", "layer flat")]
)
def test_what_hls4ml_would_get_wrong_is_refused(kind: str, where: str, tmp_path: Path) -> None:
    from hgq.config import QuantizerConfigScope

    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    with QuantizerConfigScope(place="datalane", heterogeneous_axis=(), homogeneous_axis=None):
        model = branched(kind)
    with pytest.raises(UserError, match=f"{kind} .*must not be read by another layer") as caught:
        convert_hgq2(model, Target("top", tmp_path / "project"))
    assert caught.value.where == where


def test_hls4mls_registry_is_left_as_it_was(tmp_path: Path) -> None:
    from hls4ml.converters.keras_v3_to_hls import v3_layer_handlers

    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2

    before = dict(v3_layer_handlers)
    with pytest.raises(UserError):
        convert_hgq2(attention(use_causal_mask=True), Target("top", tmp_path / "project"))
    convert_hgq2(attention(), Target("top", tmp_path / "project"))
    assert dict(v3_layer_handlers) == before
