"""hls4ml's testbench: compiled and run as an engineer would, whatever the model's names are."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fpga_tf.cpp_macros import is_macro
from fpga_tf.errors import InternalError
from fpga_tf.hls.build import find_compiler
from fpga_tf.hls.harness import HARNESS
from fpga_tf.hls.shapes import LayerShape, Shapes
from fpga_tf.hls.testbench import exact_testbench
from fpga_tf.store import Store
from tests.hls.test_convert import W, quant, randomise

pytestmark = pytest.mark.qkeras
SHAPES = {
    "io_parallel": Shapes(),
    "io_stream": Shapes(LayerShape("dataflow", 1), io_type="io_stream"),
}


# What exact_testbench looks for, in hls4ml's words, with three outputs.
TESTBENCH = """
bool trace_enabled = true;
    std::ofstream fout(RESULTS_LOG);
            std::vector<float> in;
            std::vector<float> pr;
      input_t x[2];
      nnet::copy_data<float, input_t, 0, 2>(in, x);
            top(x,a_out,b_out,c_out);
                for(int i = 0; i < 3; i++) {
                  std::cout << pr[i] << " ";
                }
                for(int i = 0; i < 2*2; i++) {
                  std::cout << pr[i] << " ";
                }
                for(int i = 0; i < 2; i++) {
                  std::cout << pr[i] << " ";
                }
            input_t x[2];
            nnet::fill_zero<input_t, 2>(x);
            top(x,a_out,b_out,c_out);
"""


def two_inputs(names: tuple[str, str]) -> Any:
    """Rows of two inputs, each through a layer, added up."""
    import keras
    from qkeras import QDense

    inputs = [keras.Input((3, 2), name=name) for name in names]
    rows = [
        quant(f"{name}_q2")(QDense(2, kernel_quantizer=W, bias_quantizer=W, name=f"{name}_d")(quant(f"{name}_q")(x)))
        for name, x in zip(names, inputs, strict=True)
    ]
    return randomise(keras.Model(inputs, keras.layers.Add(name="sum")(rows)))


def run_testbench(folder: Path, top: str) -> list[Fraction]:
    """What the testbench wrote."""
    sources = [f"{top}_test.cpp", f"firmware/{top}.cpp"]
    command = [find_compiler(), "-std=c++14", "-O0", "-w", "-Ifirmware/ap_types", *sources, "-o", "testbench"]
    subprocess.run(command, cwd=folder, check=True, timeout=600)
    subprocess.run([folder / "testbench"], cwd=folder, check=True, timeout=60, capture_output=True)
    log = (folder / "tb_data" / "csim_results.log").read_text().split()
    return [Fraction(value) for value in log]


@pytest.mark.parametrize("io_type", SHAPES)
@pytest.mark.parametrize(("top", "names"), [("in", ("i", "pr")), ("layer", ("e", "tb_port0"))], ids=["in", "layer"])
def test_names_of_the_testbench_and_the_harness_are_free(
    top: str, names: tuple[str, str], io_type: str, tmp_path: Path, store: Store
) -> None:
    from fpga_tf.hls.build import build
    from fpga_tf.hls.convert import Target, convert
    from fpga_tf.hls.project import write_project
    from tests.conformance.proof import Project, manifest_of, prove, samples, vectors_of

    model, folder = two_inputs(names), tmp_path / "project"
    target = Target(top, folder, shapes=SHAPES[io_type])
    converted = convert(model, target)
    inputs = samples(converted.inputs, np.random.default_rng(0), each=20)
    manifest = manifest_of(model, converted, target)
    manifest = write_project(converted, target, manifest, vectors_of(model, converted, manifest, inputs))
    program, _, _ = build(folder, manifest, store, tmp_path / "log")
    proof = prove(Project(model, converted, manifest, folder, program), inputs)
    assert proof.differing == {} and proof.compared > 500
    expected = (folder / "tb_data" / "tb_output_predictions.dat").read_text().split()
    assert run_testbench(folder, top) == [Fraction(value) for value in expected]
    assert {name for name in own_macros(folder, top) if not is_macro(name)} == set()


def own_macros(folder: Path, top: str) -> set[str]:
    """Macros that a project's own files leave defined, without those that start with an underscore."""
    sources = [f"firmware/{top}.cpp", f"{top}_test.cpp", HARNESS]
    command = [find_compiler(), "-std=c++14", "-Ifirmware", "-Ifirmware/ap_types", "-dD", "-E", *sources]
    read = subprocess.run(command, cwd=folder, check=True, timeout=600, capture_output=True, text=True).stdout
    found, own = set(), False
    for line in read.splitlines():
        if marker := re.match(r'# \d+ "(.*?)"', line):
            own = not marker[1].startswith(("/", "<"))
        elif own and (macro := re.match(r"#define ([A-Za-z]\w*)", line)):
            found.add(macro[1])
        elif line.startswith("#undef "):
            found.discard(line.split()[1])
    assert {"BIAS", "AP_INT_MAX_W"} <= found
    return found


def test_each_output_is_shown_beside_its_own_prediction() -> None:
    """hls4ml shows the first numbers of the line for each output."""
    shown = re.findall(r"i < (.*); .*\n.*(pr\[.*\])", exact_testbench(TESTBENCH, "top", ["x"]))
    assert shown == [("3", "pr[i]"), ("2*2", "pr[3 + i]"), ("2", "pr[7 + i]")]


def test_a_testbench_that_hls4ml_writes_otherwise_is_our_fault() -> None:
    with pytest.raises(InternalError, match="hls4ml's testbench must hold"):
        exact_testbench("int main() {}", "top", ["x"])
