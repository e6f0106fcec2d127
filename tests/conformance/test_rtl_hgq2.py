"""Keras codes = codes of the traced arithmetic, for HGQ2's layers, in the formats of the C++'s ports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fpga_tf.lower.inputs import InputPort

pytestmark = pytest.mark.hgq2
ROOT = Path(__file__).parents[2]
TAGGER = ROOT / "configs" / "models" / "flavour_hgq2.keras"
PUBLISHED = [ROOT.parent / "shared" / "peers" / f"{name}.keras" for name in ("mha16part", "lin16part")]
MORE = [pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3)]
GROUPS = ("trained", "trained attention")
PARTICLES = tuple(f"{count} particles" for count in (8, 16, 32))
OTHERS = ("elements", "tensors", "attention", "attention of elements", *PARTICLES)
SLOW = [pytest.param(group, marks=pytest.mark.slow) for group in OTHERS]


def traced(model: Any, folder: Path) -> tuple[Any, list[InputPort]]:
    """The graph of a model, and the ports of its C++."""
    from fpga_tf.hls.convert import Target
    from fpga_tf.hls.hgq2 import convert_hgq2
    from fpga_tf.rtl.hgq2 import trace_hgq2

    converted = convert_hgq2(model, Target("top", folder / "project"))
    return trace_hgq2(model, [port.format for port in converted.inputs], converted.outputs), converted.inputs


def differing(model: Any, graph: Any, ports: Sequence[InputPort], inputs: list[NDArray[Any]]) -> tuple[int, int]:
    """Codes of Keras and of the arithmetic that differ, and those compared."""
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.trace import codes

    found = codes(graph, [port.codes(x) for port, x in zip(ports, inputs, strict=True)])
    keys = output_keys(model)
    values = evaluate(model, inputs, keys, exact=False)
    bad = 0
    for key, fmt, got in zip(keys, graph.outputs, found, strict=True):
        expected, on = fmt.codes_of(values[key])
        bad += int(((expected != got) | ~on).sum())
    return bad, sum(got.size for got in found)


@pytest.mark.parametrize("seed", [0, *MORE])
@pytest.mark.parametrize("group", [*GROUPS, *SLOW])
def test_arithmetic_computes_what_keras_computes(group: str, seed: int, tmp_path: Path) -> None:
    from tests.conformance.hgq2_cases import build_model
    from tests.conformance.proof import samples

    model = build_model(group, seed)
    graph, ports = traced(model, tmp_path)
    bad, compared = differing(model, graph, ports, samples(ports, np.random.default_rng(seed)))
    assert bad == 0
    assert compared > 1_500


def test_every_group_is_tested() -> None:
    from tests.conformance.hgq2_cases import GROUPS as BUILT

    assert {*GROUPS, *OTHERS} == set(BUILT)


@pytest.mark.parametrize("group", ["trained", pytest.param("trained attention", marks=pytest.mark.slow)])
def test_verilog_computes_what_keras_computes(group: str, tmp_path: Path) -> None:
    from tests.conformance.hgq2_cases import build_model
    from tests.conformance.proof import samples

    model = build_model(group, 0)
    graph, ports = traced(model, tmp_path)
    assert clocked(model, graph, ports, samples(ports, np.random.default_rng(0)), tmp_path) == 0


def clocked(
    model: Any, graph: Any, ports: Sequence[InputPort], inputs: list[NDArray[Any]], folder: Path, levels: float = 5
) -> int:
    """Outputs of Keras and of the clocked Verilog that differ."""
    from fpga_tf.models.evaluate import evaluate, output_keys
    from fpga_tf.rtl.pipeline import pipeline, write_hdl
    from fpga_tf.rtl.ports import input_values
    from fpga_tf.rtl.simulate import run_cycles
    from fpga_tf.rtl.verilate import build

    design = pipeline(graph, levels)
    write_hdl(design, folder / "hdl", "top")
    program = build(folder / "hdl", "top", folder / "made")
    given = [port.codes(x) for port, x in zip(ports, inputs, strict=True)]
    done = run_cycles(program, design.ports, input_values(graph.inputs, given))
    assert (done.problems, done.latency, done.interval) == ((), design.latency, 1)
    values = evaluate(model, inputs, output_keys(model), exact=False)
    wanted = np.concatenate([values[key].reshape(len(given[0]), -1) for key in output_keys(model)], axis=1)
    return int((done.outputs != wanted).sum())


@pytest.mark.slow
@pytest.mark.parametrize("path", [TAGGER, *PUBLISHED], ids=lambda path: path.stem)
def test_whole_models(path: Path, tmp_path: Path) -> None:
    from fpga_tf.models.read import read_model

    if not path.is_file():
        pytest.skip(f"{path.name} is not here")
    model = read_model(path)
    graph, ports = traced(model, tmp_path)
    inputs = [whole_range(port, 10_000) for port in ports]
    bad, compared = differing(model, graph, ports, inputs)
    assert bad == 0
    assert compared > 30_000
    if path in PUBLISHED:
        assert counted(graph) == stated(path)
        assert clocked(model, graph, ports, inputs, tmp_path) == 0


def counted(graph: Any) -> tuple[float, int, int | None, int | None]:
    """What the estimate is calibrated on: LUTs, stages and register bits at the levels of the recipe and at 2."""
    from fpga_tf.rtl.pipeline import pipeline

    deep, flat = pipeline(graph, 6.5), pipeline(graph, 2)
    return round(deep.cost, 1), deep.latency, deep.register_bits, flat.register_bits


def stated(path: Path) -> tuple[float, int, int | None, int | None]:
    """The same as the data of the estimate state it."""
    from fpga_tf.reports.estimate_data import TRANSFORMERS

    name = path.stem.replace("mha", "MHA ").replace("lin", "Linformer ").removesuffix("part")
    (one,) = [design for design in TRANSFORMERS if design.name == name]
    return one.cost, one.stages, one.register_bits, one.register_bits_2


def whole_range(port: InputPort, count: int) -> NDArray[np.float32]:
    """Values over a port's whole range, all its least and all its greatest among them."""
    fmt, rng = port.format, np.random.default_rng(0)
    ends = [np.full((1, *port.shape), code) for code in (fmt.min_code, fmt.max_code)]
    codes = [rng.integers(fmt.min_code, fmt.max_code + 1, (count, *port.shape)), *ends]
    return fmt.dequantise(np.concatenate(codes)).astype(np.float32)
