"""A manifest and a reference of a made-up project with two inputs and two outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fpga_tf.files import MANIFEST
from fpga_tf.flow.config_sections import BudgetConfig, GatesConfig
from fpga_tf.flow.reference import REFERENCE, Reference, write_reference
from fpga_tf.flow.settings import Settings
from fpga_tf.hls.manifest import Manifest, Port, digests

CLASSES = ("b", "c", "light")
SCORES = "ap_ufixed<8,0,AP_RND_CONV,AP_SAT,0>"
LOGITS = "ap_fixed<8,4,AP_TRN,AP_WRAP,0>"


def settings(**changes: Any) -> Settings:
    """Of classes, limits and budget."""
    fields: dict[str, Any] = {
        "classes": CLASSES,
        "signal": "b",
        "probabilities": True,
        "gates": GatesConfig(),
        "budget": BudgetConfig(),
        "jobs": 2,
    }
    return Settings(**fields | changes)


def manifest(**changes: Any) -> Manifest:
    """A sound one."""
    layers = ("embed", "attention/query", "probabilities")
    fields: dict[str, Any] = {
        "name": "small",
        "key": "0" * 64,
        "backend": "Vitis",
        "part": "xcvu13p-flga2577-2-e",
        "clock_ns": 5.0,
        "clock_uncertainty_percent": 12.5,
        "frontend": "qkeras",
        "exact": "float32",
        "inputs": (Port("tracks", (4, 3), "ap_fixed<6,3,AP_RND_CONV,AP_SAT,0>"), Port("mask", (4,), "ap_ufixed<1,1>")),
        "outputs": (Port("probabilities", (3,), SCORES), Port("other", (2, 2), "ap_fixed<40,8>")),
        "layers": tuple(Port(n, (3,), "ap_fixed<8,4>", f"node{i}", n, f"layer{i}_t") for i, n in enumerate(layers)),
        "widest": {"embed": 12},
        "versions": {},
        "config": settings().plain(),
        "weights": {"firmware/weights/w3.h": "embed", "firmware/weights/exp_table8.h": "attention/query"},
        "typedefs": {
            "embed": {"layer0_t": "ap_fixed<8,4>", "embed_accum_t": "ap_fixed<20,8>"},
            "attention/query": {"layer1_t": "ap_fixed<8,4,AP_RND_CONV,AP_SAT,0>", "exp_table8_t": "ap_uint<11>"},
            "probabilities": {"layer2_t": "ap_ufixed<8,0>"},
        },
    }  # fmt: skip
    return Manifest(**fields | changes)


def reference(seed: int = 0, *, jets: int = 60, **changes: Any) -> Reference:
    """Random codes; the first output tells the label often."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), jets)
    inputs, outputs = {}, {}
    for name, count in (("evaluation", jets), ("random", 5)):
        inputs[name] = [rng.integers(-32, 32, (count, 4, 3)), rng.integers(0, 2, (count, 4))]
        scores = rng.integers(0, 120, (count, 3))
        if name == "evaluation":
            scores[np.arange(jets), labels] += 100
        outputs[name] = [scores, rng.integers(-(2**39), 2**39, (count, 2, 2))]
    fields: dict[str, Any] = {"inputs": inputs, "outputs": outputs, "labels": labels}
    return Reference(**fields | changes)


def project(folder: Path, made: Manifest | None = None) -> Path:
    """A project on the disk that nothing is wrong with (and that no compiler would take)."""
    made = made or manifest()
    types = [f"typedef {kind} {name};" for kinds in made.typedefs.values() for name, kind in kinds.items()]
    texts = {
        "firmware/defines.h": "#ifndef DEFINES_H_\n" + "\n".join(types) + "\n#endif\n",
        "firmware/small.cpp": "void small() {}\n",
        "firmware/nnet_utils/nnet_dense.h": "// dense\n",
        "firmware/fpga_tf/softmax.h": "// softmax\n",
        "fpga_tf_simulate.cpp": "int main() {}\n",
        "fpga_tf_model.keras": "model",
        **dict.fromkeys(made.weights, "#define VALUES 1, 2\n"),
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    write_reference(folder / REFERENCE, reference())
    whole = replace(made, files=digests(folder, [*texts, REFERENCE]))
    (folder / MANIFEST).write_text(whole.to_text())
    return folder


def rewrite(folder: Path, **changes: Any) -> None:
    """Change keys of a project's manifest."""
    path = folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
