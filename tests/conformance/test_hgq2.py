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
GROUPS = ("trained", "trained attention")
SLOW = [
    pytest.param(group, marks=pytest.mark.slow)
    for group in (
        "elements", "tensors", "attention", "attention of elements", "8 particles", "16 particles", "32 particles",
    )
]  # fmt: skip


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


def test_every_group_is_tested() -> None:
    from tests.conformance.hgq2_cases import GROUPS as BUILT

    assert {*GROUPS, *(param.values[0] for param in SLOW)} == set(BUILT)


@pytest.mark.parametrize("seed", [0, 1])
def test_training_leaves_what_the_suite_must_hold(seed: int) -> None:
    """No bits at all, formats that begin far from the point, and inverse tables with one entry."""
    from fpga_tf.hls.hgq2 import lower_hgq2
    from tests.conformance.hgq2_cases import build_model

    found, _ = lower_hgq2(build_model("8 particles", seed))
    statements = "".join(line for node in found.nodes for line in node.get("body", ()))
    assert "] = 0;" in statements
    assert ("AP_WRAP" in statements, "AP_SAT" in statements) == ((True, False), (False, True))[seed]
    entries = [node["n_inverse"] for node in found.nodes if node["class_name"] == "FpgaTfHgqSoftmax"]
    assert entries[0] == 1 < entries[1]
    kernels = np.concatenate([node["weight_data"].ravel() for node in found.nodes if "weight_data" in node])
    assert 0.1 < np.mean(kernels == 0) < 0.9


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
def test_what_hls4ml_ignores_is_refused(call: dict[str, Any], ignored: str, tmp_path: Path) -> None:
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
    with pytest.raises(UserError, match=r"a layer of an HGQ2 model must be one of .*, not .*Masking") as caught:
        convert_hgq2(model, Target("top", tmp_path / "project"))
    assert caught.value.where == "layer masking"


def dense(**options: Any) -> Any:
    """A model of two dense layers, the first with some options."""
    import keras
    from hgq.layers import QDense

    x = keras.Input((3, 2), name="x")
    return keras.Model(x, QDense(2, name="last")(QDense(2, name="first", **options)(x)))


def quantiser(place: str = "datalane", **options: Any) -> Any:
    from hgq.quantizer import QuantizerConfig

    return QuantizerConfig("default", place, **options)


@pytest.mark.parametrize("moved", [False, True])
def test_an_input_that_is_an_output_is_refused(moved: bool) -> None:
    """HGQ2 would give it as it is, and the hardware in the port's format."""
    import keras
    from hgq.layers import QDense

    from fpga_tf.hls.hgq2 import lower_hgq2

    x = keras.Input((3, 2), name="x")
    outputs = [QDense(2, name="d")(x), keras.layers.Flatten(name="flat")(x) if moved else x]
    with pytest.raises(UserError, match="an output of a model must be computed by a layer, not be an input") as caught:
        lower_hgq2(keras.Model(x, outputs))
    assert caught.value.where == "input x"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"activation": "tanh"}, "an activation must be relu or linear to be exact, not tanh"),
        ({"enable_iq": False}, "an input must be quantised by every layer that reads it"),
        ({"iq_conf": {"scaler": 3.0}}, "a quantiser's values must not be scaled"),
        ({"iq_conf": {"affine": (2.0, 0.5)}}, "a quantiser's values must not be scaled"),
        ({"iq_conf": {"overflow_mode": "WRAP_SM"}}, "must round and overflow as ap_fixed does, not by RND, WRAP_SM"),
        (
            {"iq_conf": {"place": "weight", "heterogeneous_axis": (), "homogeneous_axis": None}},
            "a tensor must not have a quantiser for weights",
        ),
    ],
)
def test_a_dense_layer_that_is_refused(options: dict[str, Any], what: str) -> None:
    from fpga_tf.hls.hgq2 import lower_hgq2

    if "iq_conf" in options:
        options = {"iq_conf": quantiser(**options["iq_conf"])}
    with pytest.raises(UserError, match=what) as caught:
        lower_hgq2(dense(**options))
    assert caught.value.where == "layer first"


@pytest.mark.parametrize("rounding", ["RND_CONV", "TRN", "RND"])
def test_which_roundings_an_input_of_several_formats_may_have(rounding: str) -> None:
    from fpga_tf.hls.hgq2 import lower_hgq2

    model = dense(iq_conf=quantiser(round_mode=rounding, i0=2, f0=3))
    assert [port.format.ap_type for port in lower_hgq2(model)[1]] == [f"ap_fixed<6,3,AP_{rounding},AP_WRAP,0>"]
    bits = model.get_layer("first").iq.quantizer._f
    bits.assign(np.arange(np.prod(bits.shape)).reshape(bits.shape) % 4)
    if rounding != "RND_CONV":
        width = {"TRN": 6, "RND": 7}[rounding]  # what is half a step decides on rounding
        assert [port.format.ap_type for port in lower_hgq2(model)[1]] == [f"ap_fixed<{width},3,AP_TRN,AP_WRAP,0>"]
        return
    with pytest.raises(
        UserError, match="must be quantised by RND or TRN if its elements have several formats"
    ) as caught:
        lower_hgq2(model)
    assert caught.value.where == "input x"


def test_a_table_of_several_formats_is_refused() -> None:
    import keras
    from hgq.layers import QSoftmax

    from fpga_tf.hls.hgq2 import lower_hgq2

    x = keras.Input((3, 2), name="x")
    model = keras.Model(x, QSoftmax(enable_iq=True, allow_heterogeneous_table=True, name="soft")(x))
    bits = model.get_layer("soft").inv_table.iq.quantizer._f
    bits.assign(np.arange(np.prod(bits.shape)).reshape(bits.shape) % 4)
    with pytest.raises(UserError, match="a lookup table must have one format for all elements") as caught:
        lower_hgq2(model)
    assert caught.value.where == "layer soft"
