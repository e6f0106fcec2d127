"""Which node becomes which process: copies, arrays between rows, other names of the same rows, ports."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import pytest

from fpga_tf.errors import UserError
from fpga_tf.hls.shapes import LayerShape, Shapes

pytestmark = pytest.mark.qkeras
L = keras.layers
SIGNED = "quantized_bits(7,2,alpha=1)"
WEIGHT = {f"{kind}_quantizer": "quantized_bits(5,1,alpha=1)" for kind in ("kernel", "bias")}


def quant(name: str, text: str = SIGNED) -> Any:
    from qkeras import QActivation

    return QActivation(text, name=name)


def dense(units: int, name: str) -> Any:
    from qkeras import QDense

    return QDense(units, **WEIGHT, name=name)


def attention(name: str = "attention", **options: Any) -> Any:
    from fpga_tf.layers import QMultiHeadAttention

    stages: dict[str, Any] = {
        f"{s}_quantizer": SIGNED for s in ("query", "key", "value", "scores", "context", "output")
    }
    stages["attention_quantizer"] = "quantized_bits(6,0,keep_negative=0,alpha=1)"
    return QMultiHeadAttention(2, 2, **WEIGHT, **stages, name=name, **options)


def planned(
    inputs: Any,
    outputs: Any,
    ports: str = "io_parallel",
    layers: dict[str, LayerShape] | None = None,
    default: LayerShape = LayerShape("dataflow"),  # noqa: B008
) -> Any:
    from fpga_tf.hls.dataflow.plan import plan
    from fpga_tf.lower.walk import lower

    model = keras.Model(inputs, outputs)
    tensors = [t.name for t in model.inputs], [t.name for t in model.outputs]
    return plan(lower(model), Shapes(default, layers or {}, ports), *tensors)  # type: ignore[arg-type]


def functions(plan: Any) -> list[str]:
    """The kernels in order; classes of what is unrolled; no inputs."""
    return [n.kernel.function if n.kernel else n.lowered["class_name"] for n in plan.nodes if n.inputs]


def assert_sound(plan: Any) -> None:
    """Each tensor is made once, before it is read, and read once; ports are made, and known."""
    made: set[str] = set()
    read: Counter[str] = Counter()
    for node in plan.nodes:
        assert all(t in made for t in node.inputs)
        read.update(node.inputs)
        assert not made & set(node.outputs)
        made |= set(node.outputs)
        for tensor in node.outputs:
            rows, shape = plan.rows.get(tensor), plan.shapes[tensor]
            assert tensor in plan.formats
            assert rows is None or rows.count * rows.channels == keras.ops.prod(shape)
    read.update(plan.outputs)
    assert read == dict.fromkeys(made, 1)
    assert len({n.name.lower() for n in plan.nodes}) == len(plan.nodes)


@pytest.mark.parametrize(
    ("readers", "copies"), [(2, [2]), (4, [4]), (5, [4, 2]), (7, [4, 4]), (8, [4, 4, 2]), (10, [4, 4, 4])]
)
@pytest.mark.parametrize("shape", ["dataflow", "parallel"])
def test_a_chain_of_copies_for_many_readers(readers: int, copies: list[int], shape: Any) -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("q")(x)
    plan = planned(x, [dense(2, f"d{i}")(y) for i in range(readers)], default=LayerShape(shape))
    assert_sound(plan)
    kind = "fork_rows" if shape == "dataflow" else "copy_array"
    found = [node for node in plan.nodes if node.kernel is not None and node.kernel.function == kind]
    assert [len(node.outputs) for node in found] == copies
    for one, after in pairwise(found):
        assert after.inputs == one.outputs[-1:]
    assert {node.layer for node in found} == {"q"}


@pytest.mark.parametrize("ports", ["io_parallel", "io_stream"])
def test_an_output_that_is_also_read(ports: str) -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("q")(x)
    plan = planned(x, [y, dense(2, "d")(y)], ports)
    assert_sound(plan)
    if ports == "io_stream":
        assert functions(plan) == ["quantise_rows", "fork_rows", "dense_rows"]
        assert [plan.rows[t].channels for t in plan.outputs] == [4, 2]
    else:
        assert Counter(functions(plan)) == Counter(
            ["to_rows", "quantise_rows", "fork_rows", "dense_rows", "from_rows", "from_rows"]
        )
        assert not set(plan.outputs) & set(plan.rows)


def test_reshapes_are_other_names_of_the_same_rows() -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("q")(x)
    flat = L.Flatten(name="flat")(y)
    cube = L.Reshape((3, 2, 2), name="cube")(flat)
    again = L.Reshape((3, 4), name="again")(cube)
    plan = planned(x, [dense(2, "whole")(flat), dense(2, "rows")(again)], "io_stream")
    assert_sound(plan)
    assert functions(plan)[:2] == ["quantise_rows", "fork_rows"]
    assert sorted(functions(plan)[2:]) == ["dense_rows", "dense_whole"]
    rows = [plan.rows[t] for t in plan.outputs]
    assert [(r.count, r.channels) for r in rows] == [(1, 2), (3, 2)]
    assert plan.unrolled == []


@pytest.mark.parametrize(
    ("shape", "channels", "axis", "how"),
    [
        ((6,), 2, 1, "append_rows"),  # one vector behind the other, each in three rows
        ((2, 3), 2, 2, "Concatenate"),
        ((2, 3), 2, 1, "append_rows"),
        ((6,), 4, 1, "Concatenate"),
        (None, 4, 2, "concat_rows"),
    ],
)
def test_what_was_reshaped_is_not_joined_row_by_row(shape: Any, channels: int, axis: int, how: str) -> None:
    a, b = keras.Input((3, 2), name="a"), keras.Input((3, channels), name="b")
    x, y = quant("a_q")(a), quant("b_q")(b)
    if shape is not None:
        x, y = L.Reshape(shape, name="a_r")(x), L.Reshape(shape if channels == 2 else (12,), name="b_r")(y)
    made = planned([a, b], L.Concatenate(axis, name="joined")([x, y]), "io_stream")
    assert how in functions(made)


def test_rows_that_are_wider_than_a_word_are_refused_with_the_layer() -> None:
    wide = keras.Input((2, 586), name="wide")
    with pytest.raises(
        UserError, match="a row of the dataflow shape must have at most 4096 bits together, not 4102"
    ) as caught:
        planned(wide, quant("broad")(wide))
    assert caught.value.where == "layer broad"
    assert planned(wide, quant("broad")(wide), layers={"broad": LayerShape()}).rows == {}
    just = keras.Input((2, 585), name="just")
    assert functions(planned(just, quant("broad")(just))) == ["to_rows", "quantise_rows", "from_rows"]


def test_what_is_unrolled_is_listed_once_and_stands_between_arrays() -> None:
    x = keras.Input((3, 4), name="x")
    y = L.Permute((2, 1), name="move")(quant("q")(x))
    z = attention()(quant("r")(y), quant("s")(y))
    layers = {"attention/query": LayerShape(), "attention/scores": LayerShape()}
    plan = planned(x, z, layers=layers)
    assert_sound(plan)
    # the context takes weights in rows of queries, which an array of scores does not become
    assert plan.unrolled == ["move", "attention/query", "attention/scores", "attention/context"]
    unrolled = [node for node in plan.nodes if node.kernel is None and node.inputs]
    assert [node.layer for node in unrolled] == plan.unrolled
    assert not any(t in plan.rows for node in unrolled for t in (*node.inputs, *node.outputs))
    whole = planned(x, z, layers={"attention": LayerShape()})
    assert [layer.partition("/")[0] for layer in whole.unrolled] == ["move"] + ["attention"] * 7


def test_a_stage_and_a_layer_have_a_reuse_factor_of_their_own() -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("q")(x)
    layers = {"attention/scores": LayerShape("dataflow", 7), "attention": LayerShape("dataflow", 3, "in_turn")}
    plan = planned(x, dense(2, "d")(attention()(y, y)), layers=layers, default=LayerShape("dataflow", 2))
    kernels = {node.layer: node.kernel for node in plan.nodes if node.lowered is not None and node.kernel is not None}
    found = {layer: kernel.fields["reuse"] for layer, kernel in kernels.items() if "reuse" in kernel.fields}
    stages = {f"attention/{s}": 3 for s in ("query", "key", "value", "context", "output")}
    assert found == {**stages, "attention/scores": 7, "d": 2}
    assert kernels["attention/scores"].fields["in_turn"] is False
    assert kernels["attention/context"].fields["in_turn"] is True


@pytest.mark.parametrize("ports", ["io_parallel", "io_stream"])
def test_the_weights_of_an_attention_leave_in_the_order_of_their_axes(ports: str) -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("q")(x)
    result, weights = attention()(y, y, return_attention_scores=True)
    plan = planned(x, [result, weights], ports)
    assert_sound(plan)
    turned = [node for node in plan.nodes if node.kernel and node.kernel.function == "from_rows_by_query"]
    assert len(turned) == 1
    assert plan.shapes[plan.outputs[1]] == (2, 3, 3)
    rows = plan.rows.get(plan.outputs[1])
    if ports == "io_stream":
        assert rows is not None and rows.plain and (rows.count, rows.channels) == (2, 9)
    else:
        assert rows is None and turned[0].outputs == plan.outputs[1:]


@pytest.mark.parametrize("ports", ["io_parallel", "io_stream"])
def test_what_nobody_reads_is_left_out(ports: str, tmp_path: Path) -> None:
    from fpga_tf.hls.convert import Target, convert

    x = keras.Input((4, 3), name="x")
    y = quant("x_q")(x)
    _, weights = attention()(y, y, return_attention_scores=True)
    model = keras.Model(x, quant("weights_q")(weights))
    made = planned(x, model.output, ports, {"attention/output": LayerShape()})
    stages = [n.layer.partition("/")[2] for n in made.nodes if n.layer.startswith("attention/")]
    assert stages == ["query", "key", "scores", "attention"]
    assert made.unrolled == []
    shapes = Shapes(LayerShape("dataflow"), {}, ports)  # type: ignore[arg-type]
    converted = convert(model, Target("top", tmp_path / "project", shapes=shapes))
    assert "attention_output" not in {tap.node for tap in converted.state.taps}


def test_a_mask_with_a_row_for_each_query_stays_in_rows() -> None:
    x = keras.Input((3, 4), name="x")
    mask = keras.Input((3, 3), dtype="bool", name="mask")
    y = quant("q")(x)
    plan = planned([x, mask], attention()(y, y, attention_mask=mask), "io_stream")
    assert_sound(plan)
    assert "mask_keep_rows" in functions(plan) and plan.unrolled == []
    assert {"from_rows", "to_rows"} & set(functions(plan)) == set()


def test_added_nodes_take_no_name_of_a_layer() -> None:
    x = keras.Input((3, 4), name="x")
    y = quant("a")(x)
    both = [dense(2, "A_copy")(y), dense(2, "a_copy_0")(y)]
    plan = planned(x, both)
    assert_sound(plan)
    assert {"a", "A_copy", "a_copy_0", "a_copy_1"} <= {node.name for node in plan.nodes}
