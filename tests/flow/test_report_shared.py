"""Folders of real reports: which are of one design, and where its values are from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from fpga_tf.flow.report import read_designs
from fpga_tf.reports.design import Design
from fpga_tf.reports.facts import facts
from fpga_tf.reports.kin import conflict

FILES = Path(__file__).parents[3] / "shared" / "reports" / "files"
pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="the collection of real reports is absent")
FOLDERS = sorted(path.name for path in FILES.iterdir()) if FILES.is_dir() else []


def designs(folder: str) -> list[Design]:
    return read_designs([FILES / folder])[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_value_is_stated_by_the_report_that_is_named(folder: str) -> None:
    found, errors = read_designs([FILES / folder])
    assert len(found) + len(errors) > 0
    assert len({design.name for design in found}) == len(found)
    for design in found:
        by_path = {report.path: report for report in design.reports}
        for quantity, value in facts(design.report).items():
            source = design.sources[quantity]
            assert facts(by_path[source.path])[quantity] == value
            assert source.stage == by_path[source.path].stage
        assert not [pair for pair in combinations(design.reports, 2) if conflict(*pair)]
        assert all(isinstance(count, int) and count >= 0 for count in counts(design))


def counts(design: Design) -> Iterator[int]:
    """Of all layers, those that are known."""
    for layer in design.layers:
        yield from (one.used for one in layer.resources.values() if one.used is not None)


MLP = "HLS_MLPs/ARRYTHMIA/hls4ml_prj/DSP_reuse1/myproject_prj/solution1"
# Folder, name of the design (its own if None), and the stages that LUT, latency and slack are from.
CASES = [
    ("2018.2__SahJaiswal-MNIST_HLS", None, "csynth", "cosim", None),
    ("2019.2__YanLunHuang-single_stream_8filter", None, "csynth", "cosim", None),
    ("2020.1__thaarres-dnd_hls4ml", None, "synth", "csynth", None),
    ("2020.1__fastmachinelearning-hls4ml-tutorial", "pruned_cnn/myproject_prj/solution1", "synth", "csynth", None),
    ("2020.2__calyxir-calyx", "tests/xilinx/rpt/zynq7000", "place", None, "route"),
    ("2021.1__ArgyKokk-hls4ml_MLP_estimator", MLP, "csynth", "csynth", "csynth"),
    ("2022.2__boyiwei-Sort-Acceleration", None, "synth", None, "synth"),
    ("unknown__McKelvey-Engineering-CSE-adapt_fpga", None, "csynth", "cosim", "csynth"),
]


@pytest.mark.parametrize(("folder", "name", "lut", "latency", "slack"), CASES)
def test_what_values_are_from(folder: str, name: str | None, lut: str, latency: str | None, slack: str | None) -> None:
    (design,) = [one for one in designs(folder) if one.name == (name or folder)]
    stages = {quantity: source.stage for quantity, source in design.sources.items()}
    quantities = ("resources.LUT.used", "latency_cycles.max", "clock_ns.slack")
    assert tuple(map(stages.get, quantities)) == (lut, latency, slack)


def test_a_simulation_of_one_transaction_gives_no_interval() -> None:
    (design,) = designs("2018.2__SahJaiswal-MNIST_HLS")
    assert (design.report.latency_cycles.max, design.report.interval_cycles.max) == (4642865, None)
    assert design.layers and all(layer.name not in ("VHDL", "Verilog") for layer in design.layers)


def test_kernels_and_one_of_them_are_two_designs() -> None:
    tops = {one.report.top for one in designs("2024.2.1__marcneu-vck190-caloclusternet-demo") if "ours_0" in one.name}
    assert tops == {"a", "vitis_design_wrapper"}


def test_what_hls_put_around_its_core_joins_it() -> None:
    found = designs("2018.2-2019.2.1__Keb-L-hls4ml-data")
    (design,) = [one for one in found if "streaming_comparison" in one.name]
    assert {report.top for report in design.reports} >= {"bd_0_wrapper", "myproject"}
    assert (design.report.resources["BRAM_18K"].used, design.report.latency_cycles.max) == (59, 15627)


def test_a_copy_that_differs_is_shown() -> None:
    (design,) = designs("2025.1__Marui-9-swiglu")
    (found,) = [one for one in design.disagreements if one.quantity == "resources.FF.used"]
    assert [value.value for value in found.values] == [209023, 209251]
