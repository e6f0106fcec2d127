"""C-simulation of one architecture: plain hls4ml, this project's unrolled shape and its dataflow shape, in one run.

Plain hls4ml has no attention for QKeras. It gets the same architecture as a model of HGQ2, with about the same widths
(one format for a tensor, 4 bits behind the point; weights of 6 bits), through its own handlers, its bit-exact pass, its
build script and its predict(). A format for each element, HGQ2's default, would cost plain hls4ml far more. Weights are
random. Builds are measured as CPU of all compilers, and memory of the largest.
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

from plain_hls4ml import written

ROOT = Path(__file__).resolve().parent.parent
os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")

# name -> tokens, width, heads, key_dim, blocks, samples of plain hls4ml's simulation, samples of ours
SIZES = {
    "15x16": (15, 16, 2, 8, 3, 1000, 4000),
    "64x64": (64, 64, 4, 16, 1, 100, 600),
}
# name -> shape, reuse factor
SHAPES: dict[str, tuple[Any, int]] = {
    "parallel": ("parallel", 1),
    "dataflow R=1": ("dataflow", 1),
    "dataflow R=4": ("dataflow", 4),
}
FEATURES, CLASSES = 6, 5
TENSOR, WEIGHT = "quantized_bits(8,3,alpha=1)", "quantized_bits(6,1,alpha=1)"


def qkeras_model(size: str) -> Any:
    """Embedding, blocks of attention and a network of twice the width, mean, head."""
    import keras
    import numpy as np
    from qkeras import QActivation, QDense

    from fpga_tf.layers import QMultiHeadAttention

    tokens, width, heads, dim, blocks, *_ = SIZES[size]
    weights: dict[str, Any] = {"kernel_quantizer": WEIGHT, "bias_quantizer": WEIGHT}
    stages: dict[str, Any] = {f"{s}_quantizer": TENSOR for s in ("query", "key", "value", "context", "output")}
    stages |= {"scores_quantizer": TENSOR, "attention_quantizer": "quantized_bits(8,0,keep_negative=0,alpha=1)"}
    add = keras.layers.Add
    inputs = keras.Input((tokens, FEATURES), name="tracks")
    x = QDense(width, activation="quantized_relu(7,3)", **weights)(QActivation(TENSOR)(inputs))
    for _ in range(blocks):
        x = QActivation(TENSOR)(add()([QMultiHeadAttention(heads, dim, **weights, **stages)(x, x), x]))
        hidden = QDense(2 * width, activation="quantized_relu(7,3)", **weights)(x)
        x = QActivation(TENSOR)(add()([QActivation(TENSOR)(QDense(width, **weights)(hidden)), x]))
    x = QActivation(TENSOR)(keras.layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, QActivation("quantized_bits(12,5,alpha=1)")(QDense(CLASSES, **weights)(x)))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, w.shape[0] ** -0.5, w.shape) for w in model.get_weights()])
    return model


def hgq2_model(size: str) -> Any:
    """The same of HGQ2's layers."""
    import keras
    import numpy as np
    from hgq.config import QuantizerConfigScope
    from hgq.layers import QAdd, QDense, QGlobalAveragePooling1D, QMultiHeadAttention
    from hgq.utils import trace_minmax

    tokens, width, heads, dim, blocks, *_ = SIZES[size]
    keras.utils.set_random_seed(0)
    one = {"heterogeneous_axis": (), "homogeneous_axis": None}
    with (
        QuantizerConfigScope(place="datalane", f0=4, **one),
        QuantizerConfigScope(place="weight", b0=5, **one),
        QuantizerConfigScope(place="bias", b0=5, **one),
    ):
        inputs = keras.Input((tokens, FEATURES), name="tracks")
        x = QDense(width, activation="relu")(inputs)
        for _ in range(blocks):
            x = QAdd()([QMultiHeadAttention(heads, dim)(x, x), x])
            x = QAdd()([QDense(width)(QDense(2 * width, activation="relu")(x)), x])
        model = keras.Model(inputs, QDense(CLASSES)(QGlobalAveragePooling1D()(x)))
    given = np.random.default_rng(0).normal(0, 1, (500, tokens, FEATURES)).astype("float32")
    trace_minmax(model, given, verbose=False)
    return model


# Run by a process of its own, as a child of a large process counts the parent's memory for its own.
_WATCH = """
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def watched(command: list[str], folder: Path) -> dict[str, float]:
    """CPU seconds of the compilers that a command starts, and the memory of the largest of them in MB.

    Args:
        command: prints its exit code, seconds and megabytes.
    """
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    code, seconds, megabytes = json.loads(found.stdout)
    if code:
        raise SystemExit(f"{command} ended with {code}")
    return {"build_cpu_seconds": seconds, "build_megabytes": megabytes}


def plain(size: str, folder: Path) -> dict[str, Any]:
    """Through hls4ml alone."""
    import ctypes

    import numpy as np

    model, samples = hgq2_model(size), SIZES[size][5]
    graph = written(model, folder)
    built = watched([sys.executable, "-S", "-c", _WATCH, "bash", "build_lib.sh"], folder)
    # what graph.compile() does once its build script has run
    graph._top_function_lib = ctypes.cdll.LoadLibrary(str(next((folder / "firmware").glob("plain-*.so"))))
    x = np.random.default_rng(1).normal(0, 1, (samples, *model.inputs[0].shape[1:])).astype("float32")
    graph.predict(x[:1])
    started = time.process_time()
    y = np.asarray(graph.predict(x))
    rate = samples / (time.process_time() - started)
    expected = np.asarray(model.predict(x, verbose=0))
    return {**built, "samples_per_cpu_second": rate, "differing": int((y.reshape(expected.shape) != expected).sum())}


def ours(size: str, shape: str, folder: Path) -> dict[str, Any]:
    """Through this project."""
    import numpy as np

    from fpga_tf.hls.shapes import LayerShape, Shapes
    from fpga_tf.hls.simulate import simulate
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.store import Store
    from tests.conformance.proof import draft

    model, samples = qkeras_model(size), SIZES[size][6]
    kind, reuse = SHAPES[shape]
    store = folder / "store"
    compiled = draft(model, folder / "project", Store(store), shapes=Shapes(LayerShape(kind, reuse)))
    built = watched([sys.executable, __file__, "--build", str(folder / "project"), str(store)], ROOT)
    project = compiled()  # from the store
    port = project.converted.inputs[0].format
    rng = np.random.default_rng(1)
    x = port.dequantise(rng.integers(port.min_code, port.max_code + 1, (samples, *model.inputs[0].shape[1:])))
    codes = [project.converted.inputs[0].codes(x)]
    simulate(project.program, project.manifest, [c[:1] for c in codes], jobs=1)
    before = _children_cpu()
    made = simulate(project.program, project.manifest, codes, jobs=1).outputs[0]
    rate = samples / (_children_cpu() - before)
    key = output_keys(model)[0]
    output = project.manifest.outputs[0].type
    expected, on = output.codes_of(evaluate(model, [x], [key], exact=project.evaluations[0])[key])
    return {**built, "samples_per_cpu_second": rate, "differing": int(((expected != made) | ~on).sum())}


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build_only(project: Path, store: Path) -> None:
    """Compile a project in a process that does nothing else, and print what the compilers took."""
    from fpga_tf.hls.build import build
    from fpga_tf.hls.manifest import read_manifest
    from fpga_tf.store import Store

    build(project, read_manifest(project), Store(store), project.with_suffix(".log"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps([0, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


def compare(size: str, plain_python: Path) -> dict[str, Any]:
    """All sides of one size, and what plain hls4ml needs over what ours do."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="fpga_tf-benchmark-") as name:
        command = [str(plain_python), __file__, "--plain", size, f"{name}/plain"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise SystemExit(done.stderr)
        found["plain hls4ml"] = json.loads(done.stdout.splitlines()[-1])
        for i, shape in enumerate(SHAPES):
            found[shape] = ours(size, shape, Path(name) / str(i))
    reference = found["plain hls4ml"]
    for values in found.values():
        values["build_ratio"] = reference["build_cpu_seconds"] / values["build_cpu_seconds"]
        values["memory_ratio"] = reference["build_megabytes"] / values["build_megabytes"]
        values["speed_ratio"] = values["samples_per_cpu_second"] / reference["samples_per_cpu_second"]
    return found


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=list(SIZES), help=f"of {', '.join(SIZES)}")
    parser.add_argument("--plain-python", type=Path, default=ROOT / ".venv-hgq2" / "bin" / "python")
    parser.add_argument("--plain", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if given.plain:
        print(json.dumps(plain(given.plain[0], Path(given.plain[1]))))
        return
    if given.build:
        build_only(*map(Path, given.build))
        return
    print(
        "| size | side | build, s of CPU | over | memory of g++, MB | over | samples a CPU second | times | differing |"
    )
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for size in given.sizes:
        for side, v in compare(size, given.plain_python).items():
            cells = [f"{v['build_cpu_seconds']:.1f}", f"{v['build_ratio']:.1f}", f"{v['build_megabytes']:.0f}"]
            cells += [f"{v['memory_ratio']:.1f}", f"{v['samples_per_cpu_second']:,.0f}", f"{v['speed_ratio']:.1f}"]
            print(f"| {size} | {side} | {' | '.join(cells)} | {v['differing']} |", flush=True)


if __name__ == "__main__":
    main()
