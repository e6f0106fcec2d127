"""How RTL grows with a model: one-block transformers of the shipped tagger's precision, each in a process of its own.

Weights are random, from a seed: trained ones have more zeros and cost less. Memory is what a process has at most; Keras
and the libraries alone take `at rest`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
TOKENS, WIDTHS = (8, 16, 32, 64), (8, 16, 32)
SEED, JETS, LEVELS = 20_240, 500, 2.0
COLUMNS = (
    ("tokens", "tokens"),
    ("width", "width"),
    ("operations", "operations"),
    ("cost", "LUT by da4ml's count"),
    ("lut", "estimated LUT"),
    ("stages", "stages"),
    ("register_bits", "register bits"),
    ("trace_seconds", "trace, s of CPU"),
    ("pipeline_seconds", "pipeline, s of CPU"),
    ("peak_mb", "memory, MB"),
    ("rest_mb", "of it at rest, MB"),
)


def model_of(tokens: int, width: int) -> Any:
    """A quantised tagger of the shipped one's kind: key_dim 4, values of half the width, hidden of twice the width."""
    import keras
    import numpy as np

    from fpga_tf.jets.quantised import copy_weights, integer_bits, quantised_tagger
    from fpga_tf.jets.taggers import FEATURES, Shape, float_tagger

    keras.utils.set_random_seed(SEED)
    shape = Shape(width, 2 * width, heads=1, key_dim=4, value_dim=width // 2, blocks=1, tracks=tokens)
    source = float_tagger(shape)
    x = np.random.default_rng(SEED).normal(0, 2, (JETS, tokens, FEATURES)).astype(np.float32)
    model = quantised_tagger(integer_bits(source, x), shape=shape)
    copy_weights(source, model)
    return model


def memory_mb() -> int:
    """The most that this process has had so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(tokens: int, width: int) -> dict[str, Any]:
    """One point of the table."""
    from fpga_tf.lower.walk import lower
    from fpga_tf.reports.estimate import Counts, estimate
    from fpga_tf.rtl.pipeline import pipeline
    from fpga_tf.rtl.trace import trace

    model = model_of(tokens, width)
    lowered, rest = lower(model), memory_mb()
    started = time.process_time()
    traced = trace(model, lowered)
    middle = time.process_time()
    design = pipeline(traced, LEVELS)
    ended = time.process_time()
    counts = Counts(design.cost, design.register_bits, design.latency, LEVELS)
    report = estimate(counts, top="growth", part=None, clock_ns=5.0, path="")
    used, error = report.resources["LUT"].used, report.errors["resources.LUT.used"]
    return {
        "tokens": tokens,
        "width": width,
        "operations": len(traced.graph.ops),
        "cost": round(design.cost),
        "lut": f"{used:,} ± {round((used or 0) * error):,}",
        "stages": design.latency,
        "register_bits": design.register_bits,
        "trace_seconds": round(middle - started, 1),
        "pipeline_seconds": round(ended - middle, 1),
        "peak_mb": memory_mb(),
        "rest_mb": rest,
    }


def main() -> None:
    """Print a Markdown table, a row for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, type=int, metavar=("TOKENS", "WIDTH"), help="one shape, as JSON")
    one = parser.parse_args().one
    if one:
        print(json.dumps(measured(*one)))
        return
    print("| " + " | ".join(title for _, title in COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|", flush=True)
    for tokens, width in sorted({*((tokens, 16) for tokens in TOKENS), *((16, width) for width in WIDTHS)}):
        command = [sys.executable, __file__, "--one", str(tokens), str(width)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print("| " + " | ".join(_text(row[key]) for key, _ in COLUMNS) + " |", flush=True)


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()
