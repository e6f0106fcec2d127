"""Bit operations, counted by hand on small models and again from the tensors themselves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format
from fpga_tf.hls.bitops import BitOperations, bit_operations, constant_widths, count, range_widths
from fpga_tf.hls.hgq2_ranges import Range

ROOT = Path(__file__).parents[2]
PEERS = ROOT.parent / "shared" / "peers"
TAGGERS = ROOT / "configs" / "models"


def einsum_dense(kernel: list[Any], equation: str = "ab,bc->ac", shape: tuple[int, ...] = (3, 2)) -> dict[str, Any]:
    return {
        "class_name": "EinsumDense", "name": "dense", "input_keras_tensor_names": ["x"],
        "output_keras_tensor_names": ["y"], "equation": equation, "inp_shape": shape, "weight_data": np.array(kernel),
    }  # fmt: skip


def counted(*nodes: dict[str, Any], **widths: Any) -> BitOperations:
    """Nodes behind inputs of given widths: one number, or one for each value."""
    inputs = {"class_name": "InputLayer", "input_keras_tensor_names": [], "output_keras_tensor_names": [*widths]}
    return count([inputs, *nodes], lambda tensor, shape: np.broadcast_to(np.asarray(widths[tensor], np.int64), shape))


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (0.0, 0), (1.0, 1), (-1.0, 2), (0.25, 1), (-4.0, 2), (3.0, 2), (0.375, 2), (5.0, 3), (-5.0, 4), (0.625, 3),
        (127.0, 7), (-127.0, 8), (96.0, 2), (2.0**40 + 1, 41), (2.0**-40, 1),
    ],
)  # fmt: skip
def test_digits_of_a_constant(value: float, digits: int) -> None:
    assert constant_widths(np.array([value])).tolist() == [digits]


def test_digits_of_constants_are_those_of_their_integers() -> None:
    codes = np.random.default_rng(0).integers(-5000, 5000, 400)
    found = constant_widths(codes / 64)
    assert found.tolist() == [len(bin(abs(int(c))).rstrip("0")) - 2 + int(c < 0) if c else 0 for c in codes]


def test_digits_of_a_range() -> None:
    low, high = np.array([0.0, 0.0, -8.0, -4.0, -0.25, 0.0, -1.0]), np.array([0.0, 7.0, 7.0, 3.75, 0.0, 0.5, 3.0])
    fraction = np.array([5, 0, 0, 2, 2, 1, 0])
    # nothing, 0 ... 7, -8 ... 7, -16 ... 15 quarters, -1 quarter and 0, one half, -1 ... 3
    assert range_widths(Range(low, high, fraction)).tolist() == [0, 3, 4, 5, 1, 1, 3]


@pytest.mark.parametrize("fmt", [Format(True, 3, 4), Format(False, 2, 5), Format(True, -1, 6), Format(False, 5, -2)])
def test_a_whole_format_has_the_digits_of_its_width(fmt: Format) -> None:
    ends = (np.array([fmt.min]), np.array([fmt.max]), np.array([fmt.fraction]))
    assert range_widths(Range(*ends)).tolist() == [fmt.width]


def test_a_dense_layer_by_hand() -> None:
    # 3 rows; weights of 2, 0, 3 and 1 digits; values of 5 digits
    found = counted(einsum_dense([[3.0, 0.0], [-0.75, 8.0]]), x=5)
    assert found.constants == {(5, 2): 3, (5, 3): 3, (5, 1): 3}
    assert (found.constant, found.variable, found.depth) == (3 * 5 * (2 + 3 + 1), 0, 1)
    assert found.by_node == {"dense": 90}
    assert [found.products(least) for least in (5, 6, 10, 11, 15, 16)] == [9, 6, 6, 3, 3, 0]


def test_each_value_counts_with_its_own_digits() -> None:
    found = counted(einsum_dense([[3.0, 0.0], [-0.75, 8.0]]), x=[[1, 2], [0, 4], [5, 0]])
    # the first of a row meets 2 digits, the second 3 and 1
    assert found.constant == 2 * (1 + 0 + 5) + (3 + 1) * (2 + 4 + 0)
    assert found.constants == {(1, 2): 1, (5, 2): 1, (2, 3): 1, (2, 1): 1, (4, 3): 1, (4, 1): 1}


def test_two_tensors_and_a_scale_by_hand() -> None:
    scores = {
        "class_name": "Einsum", "name": "scores", "input_keras_tensor_names": ["k", "q"],
        "output_keras_tensor_names": ["s"], "equation": "sd,td->ts", "inp0_shape": (4, 3), "inp1_shape": (2, 3),
    }  # fmt: skip
    scale = {
        "class_name": "FpgaTfScaleShift", "name": "scale", "input_keras_tensor_names": ["s"],
        "output_keras_tensor_names": ["z"], "out_shape": (2, 4), "n_channels": 4,
        "scale_data": np.array([0.5, 0.0, 3.0, -1.0]),
    }  # fmt: skip
    found = counted(scores, scale, k=6, q=7, s=9)
    assert found.variables == {(6, 7): 2 * 4 * 3}
    assert (found.variable, found.constant) == (24 * 42, 2 * 9 * (1 + 2 + 2))
    assert found.by_node == {"scores": 1008, "scale": 90}


def test_depth_is_that_of_the_longest_path() -> None:
    def node(kind: str, inputs: list[str], output: str) -> dict[str, Any]:
        dense = einsum_dense([[1.0]], "ab,bc->ac", (1, 1))
        return dense | {"class_name": kind, "input_keras_tensor_names": inputs, "output_keras_tensor_names": [output]}

    chain = [
        node("EinsumDense", ["x"], "a"), node("FpgaTfLayerNorm", ["a"], "b"), node("FpgaTfQuantise", ["b"], "c"),
        node("FpgaTfSoftmax", ["c"], "d"), node("Merge", ["x", "d"], "e"), node("Merge", ["a", "x"], "f"),
    ]  # fmt: skip
    assert counted(*chain, x=1).depth == 5
    assert counted(*chain[:2], x=1).depth == 4
    assert counted(x=1) == BitOperations({}, {}, {}, 0)


def products_of(model: Any) -> tuple[int, int]:
    """Bit operations with weights and of two tensors, from loops over a tiny model's own weights and formats."""
    attention, weights = model.get_layer("attention"), {}
    for name in ("embed", "logits"):
        layer = model.get_layer(name)
        weights[name] = np.asarray(layer.kernel_quantizer_internal(layer.kernel.value), np.float64)
    for stage, dense in attention.projections().items():
        weights[stage] = np.asarray(attention.quantised_weights(dense)[0], np.float64)
    # rows that meet each weight, and digits of the values that do
    uses = {"embed": (3, 8), "query": (3, 7), "key": (3, 7), "value": (3, 7), "output": (3, 8), "logits": (1, 8)}
    constant = 0
    for name, (rows, width) in uses.items():
        for weight in weights[name].ravel().tolist():
            code = round(abs(weight) * 2**20)
            digits = len(bin(code).rstrip("0")) - 2 + (weight < 0) if code else 0
            constant += rows * width * digits
    # 3 x 3 scores of 2 products, and as many products of weights in the mean
    return constant, 9 * 2 * 8 * 8 + 9 * 2 * 8 * 8


@pytest.mark.qkeras
def test_a_small_tagger() -> None:
    from fpga_tf.lower.walk import lower
    from tests.hls.tiny import tiny_model

    model = tiny_model()
    found = bit_operations(lower(model))
    assert (found.constant, found.variable) == products_of(model)
    # embed, query, scores, softmax, context, output, mean, logits, softmax
    assert found.depth == 9
    assert sum(found.by_node.values()) == found.constant + found.variable
    assert found.by_node["attention_scores"] == 1152


@pytest.mark.qkeras
def test_the_qkeras_tagger() -> None:
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.normalisation import fold_batch_norms
    from fpga_tf.models.read import read_model

    model, _ = fold_batch_norms(read_model(TAGGERS / "flavour.keras"))
    found = bit_operations(lower(model))
    assert (found.constant, found.variable, found.depth, found.products(100)) == (242_825, 41_400, 13, 0)


def of_hgq2(path: Path) -> BitOperations:
    from fpga_tf.hls.bitops import hgq2_bit_operations
    from fpga_tf.hls.hgq2 import lower_hgq2
    from fpga_tf.models.read import read_model

    return hgq2_bit_operations(lower_hgq2(read_model(path))[0])


@pytest.mark.hgq2
def test_the_hgq2_tagger() -> None:
    found = of_hgq2(TAGGERS / "flavour_hgq2.keras")
    assert (found.constant, found.variable, found.depth, found.products(100)) == (236_364, 194_400, 12, 0)


@pytest.mark.hgq2
@pytest.mark.parametrize(("file", "name"), [("mha16part", "MHA 16"), ("lin16part", "Linformer 16")])
def test_the_published_transformers_are_those_of_the_estimate(file: str, name: str) -> None:
    from fpga_tf.reports.estimate_parallel_fit import COUNTED

    path = PEERS / f"{file}.keras"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    found, stated = of_hgq2(path), COUNTED[name]
    assert (found.constant, found.variable, found.depth) == (stated.constant, stated.variable, stated.depth)


def test_a_lowered_model_gives_each_tensor_the_width_of_its_format() -> None:
    state = SimpleNamespace(formats={"x": Format(True, 3, 4)})
    lowered: Any = SimpleNamespace(nodes=[], state=state)
    assert bit_operations(lowered).depth == 0
    inputs = {"class_name": "InputLayer", "input_keras_tensor_names": [], "output_keras_tensor_names": ["x"]}
    lowered.nodes = [inputs, einsum_dense([[1.0, 1.0]], "ab,bc->ac", (3, 1))]
    assert bit_operations(lowered).constants == {(8, 1): 6}
