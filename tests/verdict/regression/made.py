"""A made-up baseline of a model with two layers, and changes of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np

from fpga_tf.verdict.regression.baseline import Baseline, Costs, Limits
from fpga_tf.verdict.regression.compare import compare
from fpga_tf.verdict.regression.positions import lines_of
from fpga_tf.verdict.regression.rows import Regression

FORMAT = "ap_fixed<6,3,AP_RND_CONV,AP_SAT,0>"
FILE = "tagger.baseline.json"


def digest(letter: str) -> str:
    return letter * 64


def plain() -> dict[str, Any]:
    """As it stands in the file."""
    port = {"name": "tracks", "shape": "2", "format": FORMAT}
    costs = {
        name: {
            "value": 10 * (index + 1),
            "unit": "cycles" if name.endswith("cycles") else "ns" if name.endswith("ns") else "",
            "source": "estimate",
            "error": None,
        }
        for index, name in enumerate(Costs.model_fields)
    }
    physics = {"accuracy": 0.75, "auc": {"b": 0.9, "c": 0.7}}
    return {
        "schema": 2,
        "made_for": {
            "name": "tagger",
            "backend": "Vitis",
            "shape": "parallel",
            "part": "xcvu13p",
            "clock_ns": 5.0,
            "rtl_clock_ns": None,
            "classes": ["b", "c"],
        },
        "configuration": {
            "at_most": {"latency_us": 2.0, "device_share.LUT": 0.8, "interval_cycles": 1, "max_auc_loss": 0.0},
            "signal": "b",
        },
        "model": {"file": "tagger.keras", "frontend": "qkeras", "sha256": digest("0")},
        "versions": {"numpy": "2.1", "python": "3.11.2"},
        "inputs": [port],
        "outputs": [{**port, "name": "scores"}],
        "layers": [
            {**port, "name": "embed", "codes": digest("1")},
            {**port, "name": "logits", "codes": digest("2")},
            {**port, "name": "scores", "codes": digest("3")},
        ],
        "sets": {"evaluation": {"samples": 20, "inputs": digest("4"), "outputs": digest("5")}},
        "traced": {"samples": 20, "inputs": digest("6")},
        "samples": [
            {"set": "evaluation", "sample": 0, "inputs": {"tracks": "1 -2"}, "outputs": {"scores": "3 4"}},
            {"set": "evaluation", "sample": 1, "inputs": {"tracks": "5 6"}, "outputs": {"scores": "-7 8"}},
        ],
        "physics": {"float": None, "quantised": physics, "firmware": copy.deepcopy(physics)},
        "cost": costs,
        "gates": {"agreement": "pass", "latency_us": "unknown", "device_share.LUT": "fail"},
        "limits": json.loads(Limits().model_dump_json()),
    }


def made(**changes: Any) -> Baseline:
    """The baseline, with values changed.

    Args:
        changes: by path, such as `cost__LUT__value`; numbers in it are indices.
    """
    value = plain()
    for path, new in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("__")]
        inner: Any = value
        for step in steps:
            inner = inner[step]
        inner[last] = copy.deepcopy(new)
    return Baseline.model_validate_json(json.dumps(value))


def again(*codes: list[int]) -> list[dict[str, np.ndarray]]:
    """Outputs of the baseline's samples, run again."""
    return [{"scores": np.array(one, dtype=np.int64)} for one in codes or ([3, 4], [-7, 8])]


def compared(old: Baseline | None = None, *, codes: Any = (), runs: bool = True, **changes: Any) -> Regression:
    """The made-up baseline against itself with changes."""
    old = old or made()
    return compare(old, made(**changes), again(*codes) if runs else None, FILE, lines_of(old.to_text()))
