"""What the dataflow shape costs and gains against the unrolled one, for transformers of 8 to 100 tokens.

Two blocks of attention (2 heads of 8) and dense layers of width 16; weights of 6 bits, activations of 8, random values.
Nothing is generated but the estimates that `hls.shape: auto` decides by.

    .venv/bin/python benchmarks/shape_study.py [--tokens 8,16,32,64,100] [--blocks 2]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BUDGET = {"latency_us": 2.0, "slr_share": {"LUT": 1.0}}
PART = "xcvu13p-flga2577-2-e"
REUSE = (1, 2, 4, 8)


def transformer(tokens: int, blocks: int, width: int = 16, heads: int = 2, seed: int = 0) -> Any:
    """A quantised transformer with random weights."""
    import keras
    import numpy as np
    from qkeras import QActivation, QDense

    from fpga_tf.layers import QMultiHeadAttention

    weight, signed = "quantized_bits(6,1,alpha=1)", "quantized_bits(8,3,alpha=1)"
    weights = {"kernel_quantizer": weight, "bias_quantizer": weight}
    stages = {f"{s}_quantizer": signed for s in ("query", "key", "value", "scores", "context", "output")}
    x = inputs = keras.Input((tokens, 6), name="tracks")
    x = QActivation(signed, name="tracks_q")(x)
    x = QDense(width, **weights, activation="quantized_relu(8,3)", name="embed")(x)
    for i in range(blocks):
        y = QMultiHeadAttention(
            heads,
            width // heads,
            **weights,
            **stages,
            attention_quantizer="quantized_bits(9,0,keep_negative=0,alpha=1)",
            name=f"attention{i}",
        )(x, x)
        x = QActivation(signed, name=f"sum{i}")(keras.layers.Add(name=f"add{i}")([x, y]))
        y = QDense(width, **weights, activation="quantized_relu(8,3)", name=f"hidden{i}")(x)
        y = QDense(width, **weights, activation=signed, name=f"back{i}")(y)
        x = QActivation(signed, name=f"total{i}")(keras.layers.Add(name=f"plus{i}")([x, y]))
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x)
    x = QActivation(signed, name="pool_q")(x)
    model = keras.Model(inputs, QDense(3, **weights, name="logits")(x))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.weights])
    return model


def rows(tokens: int, blocks: int) -> Iterator[tuple[str, ...]]:
    """One line of the table for each shape."""
    from fpga_tf.flow.choose import HEADS, choose
    from fpga_tf.flow.config_sections import BudgetConfig
    from fpga_tf.hls.candidates import Candidates
    from fpga_tf.hls.shapes import LayerShape, Shapes
    from fpga_tf.reports.dataflow_costs import DSP_AREA
    from fpga_tf.reports.estimate_dataflow import estimate_dataflow
    from fpga_tf.reports.estimate_parallel import Operations, estimate_parallel

    found = Candidates(transformer(tokens, blocks), None)
    told: dict[str, Any] = {"top": "study", "part": PART, "clock_ns": 5.0, "path": "study"}
    counted = found.operations()
    wide = counted.products(DSP_AREA)
    unrolled = estimate_parallel(Operations(counted.constant, counted.variable, wide, counted.depth), **told)

    def dataflow(shape: LayerShape) -> Any:
        return estimate_dataflow(found.network(Shapes(shape)), **told)

    choice = choose(unrolled, dataflow, BudgetConfig.model_validate(BUDGET), part=PART, clock_ns=5.0, heads=HEADS)
    shapes = {LayerShape(): unrolled} | {s: dataflow(s) for s in (LayerShape("dataflow", r) for r in REUSE)}
    if choice.shape not in shapes:
        shapes[choice.shape] = dataflow(choice.shape)
    for shape, report in shapes.items():
        cycles = report.latency_cycles.max or 0
        turn = ", in turn" if shape.heads == "in_turn" else ""
        name = "parallel" if shape.shape == "parallel" else f"dataflow, R = {shape.reuse_factor}{turn}"
        used = (f"{report.resources[r].used:,}" for r in ("LUT", "FF", "DSP"))
        taken = "**chosen**" if shape == choice.shape else ""
        if taken and "nearest" in choice.reason:
            taken = "nearest"
        yield (str(tokens), name, f"{cycles:,}", f"{cycles * 5:,} ns", str(report.interval_cycles.max), *used, taken)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", default="8,16,32,64,100")
    parser.add_argument("--blocks", type=int, default=2)
    asked = parser.parse_args()
    print("| tokens | shape | cycles | at 5 ns | interval | LUT | FF | DSP | auto |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---|")
    for tokens in map(int, asked.tokens.split(",")):
        for cells in rows(tokens, asked.blocks):
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
