"""HGQ2's attention and Linformer attention, fully unrolled."""

from __future__ import annotations

from typing import Any

from fpga_tf.errors import UserError
from fpga_tf.hls.hgq2_lower import Lowering, dense, finish, product, written
from fpga_tf.hls.hgq2_softmax import softmax
from fpga_tf.lower.operators.attention import without_batch_pair
from fpga_tf.lower.operators.call import Call
from fpga_tf.lower.operators.linear import without_batch

_PROJECTIONS = {"query": "_query_dense", "key": "_key_dense", "value": "_value_dense"}
_LINFORMER = {"key": "_lin_k_proj", "value": "_lin_v_proj"}


def attention(low: Lowering, call: Call) -> None:
    """The nodes of one attention call."""
    layer, name, output = call.layer, call.name, str(call.output.name)
    sources = {role: str(tensor.name) for role, tensor in roles(call).items()}
    for role, part in projections(layer, _LINFORMER).items():
        sources[role] = _dense(low, call, part, f"projected_{role}", sources[role])
    for role, part in projections(layer, _PROJECTIONS).items():
        sources[role] = _dense(low, call, part, role, sources[role])

    def stage(what: str) -> dict[str, str]:
        return {"name": f"{name}_{what}", "label": f"{name}/{what}"}

    dot, combine = (without_batch_pair(e) for e in (layer._dot_product_equation, layer._combine_equation))
    scores = product(low, dot, sources["key"], sources["query"], f"{output}/scores", **stage("scores"))
    weights = softmax(low, layer._softmax, scores, f"{output}/attention", **stage("attention"))
    context = product(low, combine, weights, sources["value"], f"{output}/context", **stage("context"))
    made = _dense(low, call, layer._output_dense, "output", context, written(layer, output))
    finish(low, layer, made, output, name=name, label=name)


def _dense(low: Lowering, call: Call, part: Any, role: str, source: str, output: str = "") -> str:
    rank = len(low.ranges[source].shape) + 1
    return dense(
        low,
        part,
        without_batch(part.equation, call.name, rank),
        source,
        output or f"{call.output.name}/{role}",
        name=f"{call.name}_{role}",
        label=f"{call.name}/{role}",
    )


def roles(call: Call) -> dict[str, Any]:
    """The KerasTensors that an attention takes as query, key and value."""
    given = call.arguments
    value = given["query"] if given["value"] is None else given["value"]
    return {"query": given["query"], "key": value if given["key"] is None else given["key"], "value": value}


def first_readers(layer: Any) -> dict[str, Any]:
    """The part of an attention that reads each role first."""
    return projections(layer, _PROJECTIONS) | projections(layer, _LINFORMER)


def projections(layer: Any, names: dict[str, str]) -> dict[str, Any]:
    """Parts of an attention by role."""
    return {role: getattr(layer, name) for role, name in names.items() if hasattr(layer, name)}


def check_attention(call: Call) -> None:
    """Refuse what is not computed.

    Raises:
        UserError: a mask or an option that cannot be honoured.
    """
    given, where = call.arguments, f"layer {call.name}"
    ignored = [k for k, v in given.items() if k.endswith("mask") and v is not None and v is not False]
    if ignored or given.get("return_attention_scores"):
        raise UserError(
            f"HGQ2's attention must be called without {ignored[0] if ignored else 'return_attention_scores'}",
            where=where,
            hint="use fpga_tf.layers.QMultiHeadAttention, which honours masks and returns scores",
        )
    parts = [*first_readers(call.layer).values(), call.layer._output_dense]
    if any(type(part).__name__ != "QEinsumDense" for part in parts) or call.layer._inverse_sqrt_key_dim != 1.0:
        raise UserError("HGQ2's attention must project by QEinsumDense, not by tables", where=where)
