"""RTL of the shipped tagger: seconds and memory to make it, to compile its simulation, and samples clocked a second.

Rates are ratios within one run: the clocked Verilog against the C-simulation of the same tagger and against da4ml's
interpreter, one process each. All three must give the same codes, or there is nothing to compare. The exit code is 1
if they differ, or if making the RTL takes more than its limits.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
MODEL, DATA = ROOT / "configs" / "models" / "flavour.keras", ROOT / "configs" / "data" / "flavour.h5"
NAME, CLOCK_NS = "tagger", 5.0
MOST_SECONDS, MOST_MB = 60, 2048


def cpu(who: int) -> float:
    """CPU seconds of this process or of its finished children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def timed(function: Callable[[], Any], who: int = resource.RUSAGE_SELF) -> tuple[Any, float, float]:
    """A function's result, its CPU seconds and its seconds."""
    before, started = cpu(who), time.monotonic()
    result = function()
    return result, round(cpu(who) - before, 2), round(time.monotonic() - started, 2)


def designed(model_path: Path, times: dict[str, float]) -> Any:
    """The pipeline at the depth that the clock allows."""
    from fpga_tf.lower.walk import lower
    from fpga_tf.models.read import read_model
    from fpga_tf.reports.estimate import levels_for
    from fpga_tf.rtl.pipeline import pipeline
    from fpga_tf.rtl.trace import trace

    model = read_model(model_path)
    lowered = lower(model)
    traced, times["trace"], _ = timed(lambda: trace(model, lowered))
    levels = levels_for(CLOCK_NS, traced.graph.cost)
    design, times["pipeline"], _ = timed(lambda: pipeline(traced, levels))
    return design


def make(model_path: Path, folder: Path) -> dict[str, Any]:
    """Write the Verilog; CPU seconds, and memory from before reading the model to the end."""
    from fpga_tf.rtl.pipeline import write_hdl

    times: dict[str, float] = {}
    started = time.monotonic()
    design = designed(model_path, times)
    files, times["write"], _ = timed(lambda: write_hdl(design, folder, NAME))
    return {
        "cpu_seconds": times,
        "seconds": round(time.monotonic() - started, 2),
        "process_cpu_seconds": round(cpu(resource.RUSAGE_SELF), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "cost": round(design.cost),
        "stages": design.latency,
        "register_bits": design.register_bits,
        "verilog_mb": round(sum((folder / file).stat().st_size for file in files) / 2**20, 1),
    }


def csimulated(model_path: Path, x: Any, folder: Path) -> tuple[Any, float]:
    """Codes of the C-simulation, one process, and its CPU seconds."""
    from fpga_tf.hls.build import build
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.manifest import Manifest, Port
    from fpga_tf.hls.project import write_project
    from fpga_tf.hls.simulate import simulate
    from fpga_tf.models.read import read_model
    from fpga_tf.store import Store

    target = Target(NAME, folder / "project")
    converted = convert(read_model(model_path), target)
    manifest = Manifest(
        name=NAME,
        key="",
        frontend="qkeras",
        exact="float32",
        backend=target.backend,
        part=target.part,
        clock_ns=target.clock_ns,
        clock_uncertainty_percent=target.clock_uncertainty_percent,
        inputs=tuple(Port(p.name, p.shape, p.format.ap_type) for p in converted.inputs),
        outputs=tuple(Port("out", (3,), f.ap_type) for f in converted.outputs),
        layers=(),
        widest={},
        versions={},
        config={},
    )
    manifest = write_project(converted, target, manifest)
    program, _, _ = build(target.folder, manifest, Store(folder / "store"), folder / "build.log")
    codes = [port.codes(x) for port in converted.inputs]
    done, seconds, _ = timed(lambda: simulate(program, manifest, codes, jobs=1), resource.RUSAGE_CHILDREN)
    return done.outputs[0].reshape(len(x), -1), seconds


def compared(model_path: Path, x: Any, folder: Path) -> dict[str, Any]:
    """The program's build, and rates of it, of the C-simulation and of da4ml's interpreter."""
    import numpy as np

    from fpga_tf.rtl.ports import input_values, output_codes
    from fpga_tf.rtl.simulate import stream
    from fpga_tf.rtl.verilate import build

    design = designed(model_path, {})
    traced, children = design.traced, resource.RUSAGE_CHILDREN
    program, build_cpu, build_seconds = timed(lambda: build(folder / "rtl", NAME, folder / "made"), children)
    largest = round(resource.getrusage(children).ru_maxrss / 1024)
    values = np.ascontiguousarray(input_values(traced.inputs, [traced.inputs[0].quantise(x)]))
    found, clocked, _ = timed(lambda: stream(program, design.ports, values), children)
    predicted, interpreted, _ = timed(lambda: np.asarray(traced.graph.predict(values), dtype=np.float64))
    wanted, csim = csimulated(model_path, x, folder)
    flat = [output_codes(traced.outputs, traced.output_shapes, y)[0].reshape(len(x), -1) for y in (found, predicted)]
    seconds = {"verilog": clocked, "csimulation": csim, "interpreter": interpreted}
    return {
        "build_cpu_seconds": build_cpu,
        "build_seconds": build_seconds,
        "build_largest_process_mb": largest,
        "samples_per_cpu_second": {who: round(len(x) / max(spent, 1e-2)) for who, spent in seconds.items()},
        "verilog_over_csimulation": round(csim / max(clocked, 1e-2), 2),
        "verilog_over_interpreter": round(interpreted / max(clocked, 1e-2), 2),
        "differing_codes": int(sum((codes != wanted).sum() for codes in flat)),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--samples", type=int, default=12_000)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        print(json.dumps(make(given.model, given.make)))
        return
    from fpga_tf.jets.sample import read_sample

    x = read_sample(DATA, "x_eval", "y_eval").x[: given.samples]
    with tempfile.TemporaryDirectory(prefix="fpga_tf-benchmark-") as name:
        folder = Path(name)
        command = [sys.executable, __file__, "--model", str(given.model), "--make", str(folder / "rtl")]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        made = json.loads(done.stdout.splitlines()[-1])
        rest = compared(given.model, x, folder)
    print(json.dumps({"model": given.model.name, "samples": len(x), "made": made, **rest}, indent=1))
    over = made["seconds"] > MOST_SECONDS or made["peak_mb"] > MOST_MB
    sys.exit(1 if over or rest["differing_codes"] else 0)


if __name__ == "__main__":
    main()
