"""Designs made up for the tests: one with layers that takes too much, one that is small, one that is unknown."""

from __future__ import annotations

from fpga_tf.errors import UserError
from fpga_tf.flow.report_budget import Demand
from fpga_tf.flow.report_judge import judge
from fpga_tf.reports.design import Design, Disagreement, LayerCost, Sourced
from fpga_tf.reports.types import Clock, Interval, Latency, Resource, SynthesisReport
from fpga_tf.verdict.budget import Budget
from fpga_tf.verdict.report.judged import Shown

PART = "xcvu13p-flga2577-2-e"
CSYNTH, ROUTED = "prj/solution1/syn/report/csynth.xml", "prj/vivado/routed_utilization.rpt"
BUDGET = Budget(0.4, 2, {"LUT": 0.25, "DSP": 0.5}, {"LUT": 0.5})
EVIL = "<script>alert(1)</script>|`=cmd|' /C calc'!A0`\x1b[31m@all [x](http://evil.test)"


def amounts(lut: int | None, ff: int | None, dsp: int | None, bram: int | None) -> dict[str, Resource]:
    used = {"LUT": lut, "FF": ff, "DSP": dsp, "BRAM_18K": bram, "URAM": 0}
    available = {"LUT": 1728000, "FF": 3456000, "DSP": 12288, "BRAM_18K": 5376, "URAM": 1280}
    return {name: Resource(count, available[name]) for name, count in used.items()}


def report(cycles: int | None, interval: int | None, used: dict[str, Resource], path: str = CSYNTH) -> SynthesisReport:
    return SynthesisReport(
        path=path,
        format="csynth_xml",
        stage="csynth",
        tool="Vitis HLS",
        version="2023.2",
        part=PART,
        top="tagger",
        clock_ns=Clock(5.0, 3.61, 0.62),
        latency_cycles=Latency(None if cycles is None else cycles - 2, None, cycles),
        interval_cycles=Interval(interval, interval),
        resources=used,
    )


def layer(name: str, kind: str, cycles: int | None, used: dict[str, Resource]) -> LayerCost:
    return LayerCost(name, kind, (f"{name}_mod",), Latency(cycles, None, cycles), Interval(1, 1), used)


def sourced(found: SynthesisReport) -> dict[str, Sourced]:
    values = {
        "part": found.part,
        "tool": found.tool,
        "clock_ns.target": found.clock_ns.target,
        "clock_ns.estimated": found.clock_ns.estimated,
        "clock_ns.uncertainty": found.clock_ns.uncertainty,
        "latency_cycles.min": found.latency_cycles.min,
        "latency_cycles.max": found.latency_cycles.max,
        "interval_cycles.max": found.interval_cycles.max,
        **{f"resources.{name}.used": amount.used for name, amount in found.resources.items()},
    }
    return {name: Sourced(value, found.stage, found.path) for name, value in values.items() if value is not None}


def large(name: str = "large") -> Design:
    """Over its budget; two reports disagree; five layers, one of unknown latency."""
    found = report(102, 1, amounts(612345, 401200, 2952, 24))
    layers = (
        layer("embedding", "QDense", 12, amounts(41000, 39000, 512, 0)),
        layer("attention_1", "QMultiHeadAttention", 48, amounts(310000, 181200, 1500, 16)),
        layer("layer_with_a_rather_long_name_indeed_1", "QLayerNormalization", 22, amounts(120345, 99000, 640, 8)),
        layer("pool", "GlobalAveragePooling1D", None, amounts(41000, 22000, 0, 0)),
        layer("head", "QDense", 20, amounts(100000, 60000, 300, 0)),
    )
    taken = Sourced(612345, "route", ROUTED)
    return Design(
        name,
        found,
        {**sourced(found), "resources.LUT.used": taken},
        (Disagreement("resources.LUT.used", (taken, Sourced(980100, "csynth", CSYNTH))),),
        (found,),
        layers,
        ("csynth.xml is older than the firmware",),
    )


def small(name: str = "small") -> Design:
    found = report(60, 1, amounts(150000, 90000, 800, 12), "small/csynth.xml")
    return Design(name, found, sourced(found), reports=(found,))


def unknown(name: str = "unknown loops") -> Design:
    found = report(None, None, amounts(150000, None, 800, 12), "loops/csynth.xml")
    return Design(name, found, sourced(found), reports=(found,))


def hostile() -> Design:
    """Names that mean something in every format."""
    found = report(60, 1, amounts(1, 2, 3, 4), f"{EVIL}.xml")
    layers = (layer(EVIL, EVIL, 60, amounts(1, 2, 3, 4)),)
    said = (Sourced(EVIL, "cosim", EVIL), Sourced("Pass", "cosim", "b"))
    return Design(f"={EVIL}", found, sourced(found), (Disagreement("status", said),), (found,), layers, (EVIL,))


def shown(*designs: Design, budget: Budget = BUDGET, errors: bool = False) -> Shown:
    found = [UserError("the report must be an existing file", where="gone.xml", hint="look again")] if errors else []
    return Shown(judge(designs, Demand(budget)), found)
