"""What hardware kernels are told to be where a constant makes none, or is shared: means, normalisations, Linformer."""

from __future__ import annotations

from math import prod
from typing import Any

import keras
import pytest

from fpga_tf.hls.shapes import LayerShape

from .test_dataflow_plan import SIGNED, WEIGHT, planned, quant

pytestmark = pytest.mark.qkeras


def processes(inputs: Any, outputs: Any, kind: str, reuse: int = 1) -> list[Any]:
    """The processes of one kernel."""
    from fpga_tf.hls.dataflow.network import network

    made = network(planned(inputs, outputs, default=LayerShape("dataflow", reuse)))
    return [process for process in made.processes if process.kind == kind]


def products(process: Any) -> list[int]:
    """How many products each place of its paths has."""
    return [op.count for loop in process.loops for op in loop.path if op.kind == "multiply"]


@pytest.mark.parametrize(("rows", "expected"), [(16, []), (15, [12])])
def test_a_mean_over_a_power_of_two_has_no_multiplier(rows: int, expected: list[int]) -> None:
    from fpga_tf.reports.dataflow_costs import counted

    x = keras.Input((rows, 12), name="x")
    pooled = keras.layers.GlobalAveragePooling1D(name="pool")(quant("q")(x))
    [mean] = processes(x, quant("pool_q")(pooled), "mean_rows")
    assert products(mean) == expected
    assert (counted([mean], []).dsp == 0) == (expected == [])


@pytest.mark.parametrize(("values", "expected"), [(4, [4, 4, 4]), (3, [1, 3, 1, 3, 3])])
def test_a_normalisation_over_a_power_of_two_multiplies_by_no_mean(values: int, expected: list[int]) -> None:
    from fpga_tf.layers import QLayerNormalization
    from fpga_tf.reports.dataflow_costs import Area, memory

    positive = "quantized_bits(8,2,keep_negative=0,alpha=1)"
    stages: dict[str, Any] = {
        f"{s}_quantizer": SIGNED for s in ("input", "mean", "deviation", "gamma", "beta", "output")
    }
    stages |= {f"{s}_quantizer": positive for s in ("variance", "inverse")}
    x = keras.Input((3, values), name="x")
    [norm] = processes(x, QLayerNormalization(**stages, name="norm")(quant("q")(x)), "layer_norm_rows")
    assert products(norm) == expected
    # gamma and beta are the same for every row, and the roots are a table on the path
    assert memory(norm) == Area()


@pytest.mark.parametrize("reuse", [1, 2, 5])
def test_the_matrix_of_a_linformer_is_held_once_for_all_channels(reuse: int) -> None:
    """mix_rows has a memory with a word for each step of each row, which all channels read."""
    from fpga_tf.layers import QLinformerAttention
    from fpga_tf.reports.dataflow_costs import Area, memory

    rows, tokens, channels = 70, 5, 3
    names = (*("query", "key", "value", "scores", "context", "output"), "key_tokens", "value_tokens")
    stages: dict[str, Any] = {f"{s}_quantizer": SIGNED for s in names} | WEIGHT
    stages |= {f"{s}_projection_quantizer": "quantized_bits(5,1,alpha=1)" for s in ("key", "value")}
    stages["attention_quantizer"] = "quantized_bits(6,0,keep_negative=0,alpha=1)"
    x = keras.Input((rows, channels), name="x")
    y = quant("q")(x)
    attention = QLinformerAttention(2, 2, tokens, **stages, name="attention")
    found = processes(x, attention(y, y), "mix_rows", reuse)
    assert len(found) == 2
    for mix in found:
        [product] = [op for loop in mix.loops for op in loop.path if op.kind == "multiply"]
        at_once, bits = {1: 5, 2: 3, 5: 1}[reuse], product.bits[1]
        assert (product.count, product.size) == (channels * at_once, -(-tokens // at_once))
        words = rows * product.size
        assert mix.weight_bits == prod((words, at_once, bits))
        assert memory(mix) == Area(lut=at_once * bits * -(-words // 64))
