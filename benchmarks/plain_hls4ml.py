"""Build time and C-simulation rate: this project against plain hls4ml on the same HGQ2 model.

Plain hls4ml gets what it needs to be right: the attention's handler registered under hgq2 0.2's name, and no fallback.
Both sides must give the same codes, or there is nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")


def children_cpu() -> float:
    """CPU seconds of finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def written(model: Any, folder: Path) -> Any:
    """hls4ml's graph of an HGQ2 model, its project written."""
    import hls4ml
    from hls4ml.converters.keras_v3._base import registry

    for new, old in {
        "hgq.layers.attn.mha.QMultiHeadAttention": "hgq.layers.multi_head_attention.QMultiHeadAttention",
        "hgq.layers.attn.linformer.QLinformerAttention": "hgq.layers.linformer_attention.QLinformerAttention",
    }.items():
        registry[new] = registry[old]
    graph: Any = hls4ml.converters.convert_from_keras_model(
        model,
        output_dir=str(folder),
        project_name="plain",
        backend="Vitis",
        io_type="io_parallel",
        hls_config={"Model": {"Precision": "ap_fixed<1,0>", "ReuseFactor": 1, "Strategy": "latency"}},
        allow_da_fallback=False,
        allow_v2_fallback=False,
    )
    graph.write()
    return graph


def plain(model_path: Path, x: Any, folder: Path) -> dict[str, Any]:
    """Through hls4ml alone, its own build script and its own predict()."""
    import numpy as np

    from fpga_tf.models.read import read_model

    graph = written(read_model(model_path), folder)
    before, started = children_cpu(), time.monotonic()
    graph.compile()
    built, cpu = time.monotonic() - started, children_cpu() - before
    started, process = time.monotonic(), time.process_time()
    y = graph.predict(np.ascontiguousarray(x, dtype=np.float32))
    return {
        "build_seconds": built,
        "build_cpu_seconds": cpu,
        "csim_seconds": time.monotonic() - started,
        "csim_cpu_seconds": time.process_time() - process,
        "outputs": np.asarray(y, dtype=np.float64).reshape(len(x), -1),
    }


def ours(model_path: Path, x: Any, folder: Path) -> dict[str, Any]:
    """Through this project: its converter, build and simulator, one process as in plain hls4ml."""
    from fpga_tf.hls.build import build
    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2
    from fpga_tf.hls.manifest import Manifest, Port
    from fpga_tf.hls.project import write_project
    from fpga_tf.hls.simulate import simulate
    from fpga_tf.models.read import read_model
    from fpga_tf.store import Store

    target = Target("ours", folder / "project")
    converted = convert_hgq2(read_model(model_path), target)
    fields: dict[str, Any] = {
        "key": "",
        "frontend": "hgq2",
        "exact": "float32",
        "widest": {},
        "versions": {},
        "config": {},
    }
    manifest = Manifest(
        name="ours",
        backend=target.backend,
        part=target.part,
        clock_ns=target.clock_ns,
        clock_uncertainty_percent=target.clock_uncertainty_percent,
        inputs=tuple(Port(p.name, p.shape, p.format.ap_type) for p in converted.inputs),
        outputs=tuple(Port("out", (3,), f.ap_type) for f in converted.outputs),
        layers=tuple(Port(t.layer, t.shape, t.format.ap_type, t.node) for t in converted.state.taps),
        **fields,
    )
    manifest = write_project(converted, target, manifest)
    before, started = children_cpu(), time.monotonic()
    program, _, _ = build(target.folder, manifest, Store(folder / "store"), folder / "build.log")
    built, cpu = time.monotonic() - started, children_cpu() - before
    codes = [p.codes(x) for p in converted.inputs]
    before, started = children_cpu(), time.monotonic()
    done = simulate(program, manifest, codes, jobs=1)
    return {
        "build_seconds": built,
        "build_cpu_seconds": cpu,
        "csim_seconds": time.monotonic() - started,
        "csim_cpu_seconds": children_cpu() - before,
        "outputs": converted.outputs[0].dequantise(done.outputs[0]).reshape(len(x), -1),
    }


def main() -> None:
    """Print both sides and their ratios (plain over ours: above one, ours is faster)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "configs" / "models" / "flavour_hgq2.keras")
    parser.add_argument("--data", type=Path, default=ROOT / "configs" / "data" / "flavour.h5")
    parser.add_argument("--samples", type=int, default=4000)
    given = parser.parse_args()
    from fpga_tf.jets.sample import read_sample

    x = read_sample(given.data, "x_eval", "y_eval").x[: given.samples]
    with tempfile.TemporaryDirectory(prefix="fpga_tf-benchmark-") as name:
        folder = Path(name)
        sides = {"plain": plain(given.model, x, folder / "plain"), "ours": ours(given.model, x, folder)}
    differing = int((sides["plain"].pop("outputs") != sides["ours"].pop("outputs")).sum())
    ratios = {key: round(sides["plain"][key] / sides["ours"][key], 2) for key in sides["ours"]}
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    report = {
        "model": given.model.name,
        "samples": len(x),
        "compiler": compiler,
        "differing_outputs": differing,
        **{side: {k: round(v, 2) for k, v in values.items()} for side, values in sides.items()},
        "plain_over_ours": ratios,
    }
    print(json.dumps(report, indent=1))
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
