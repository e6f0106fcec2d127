"""Holds a report against what a person read in the file: a row of the collection's `truth.json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from fpga_tf.reports.types import Resource, SynthesisReport

Truth = Mapping[str, Any]
_UNKNOWN = ("?", "undef", "-", "NA", "N/A", "", None)
_MARKED = re.compile(r"\s*\|\s*[+o*]\s")  # `|+ top`, `|  o loop`
_RESOURCE = {"DSP48E": "DSP", "BRAM": "BRAM_18K", "REG": "FF"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a row.

    Attributes:
        what: its name.
        stated: what the row says; None where the file does not know.
        read: what the reader says.
    """

    what: str
    stated: object
    read: object

    @property
    def right(self) -> bool:
        """Equal, as numbers of any type."""
        return (type(self.stated) is not bool and self.stated == self.read) or self.stated is self.read


def values(truth: Truth, report: SynthesisReport) -> list[Value]:
    """Every value that a row states, beside the one that was read.

    Raises:
        KeyError: a kind of row that no file of the collection had.
    """
    return list(_KINDS[truth["kind"]](truth, report))


def wrong(truth: Truth, report: SynthesisReport) -> list[str]:
    """The values that differ, for people."""
    return [f"{one.what}: {one.stated} is read as {one.read}" for one in values(truth, report) if not one.right]


def whole(text: str | None) -> int | None:
    """A count, or None where the tool does not know."""
    return None if text in _UNKNOWN else int(str(text))


def decimal(text: str | None) -> float | None:
    """A period such as `5.00 ns`, or None where the tool does not know."""
    text = None if text is None else text.strip().removesuffix("ns").strip()
    return None if text in _UNKNOWN else float(str(text))


def _plain(part: str | None) -> str:
    return (part or "").replace("-", "").removeprefix("xc").lower()


def _part(stated: str, report: SynthesisReport) -> Value:
    """Rows of timing reports leave out the speed grade, which stands in a line of its own."""
    same = _plain(report.part).startswith(_plain(stated))
    return Value("part", stated, stated if same else report.part)


def _named(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    if truth.get("top") is not None:
        yield Value("top", truth["top"], report.top)
    if truth.get("version") is not None:
        version = re.sub(r"^(Vivado )?v\.", "", truth["version"])
        yield Value("version", version, report.version)
    if truth.get("part") is not None:
        yield _part(truth["part"], report)


def _clock(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    clock = report.clock_ns
    yield Value("clock target", decimal(truth["clk_target"]), clock.target)
    yield Value("clock estimated", decimal(truth["clk_est"]), clock.estimated)
    yield Value("clock uncertainty", decimal(truth["clk_unc"]), clock.uncertainty)


def _counts(columns: list[str], cells: str, what: str, get: Callable[[str], object]) -> Iterator[Value]:
    for column, cell in zip(columns, cells.split("|"), strict=True):
        yield Value(f"{column} {what}", whole(cell), get(_RESOURCE.get(column, column)))


def _csynth_rpt(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    yield from _clock(truth, report)
    cells = [cell.strip() for cell in truth["lat_row"].strip("|").split("|")]
    *absolute, first, last, pipeline = cells[2:]
    latency, interval = report.latency_cycles, report.interval_cycles
    yield Value("latency", (whole(cells[0]), whole(cells[1])), (latency.min, latency.max))
    yield Value("interval", (whole(first), whole(last)), (interval.min, interval.max))
    yield Value("pipeline", pipeline, report.pipeline)
    if absolute:
        yield Value("latency in ns", tuple(map(_ns, absolute)), (report.latency_ns.min, report.latency_ns.max))
    columns = truth["cols"].split("|")
    yield from _counts(columns, truth["Total"], "used", lambda name: report.resources[name].used)
    yield from _counts(columns, truth["Available"], "available", lambda name: report.resources[name].available)
    for column, cell in zip(columns, truth["Utilization (%)"].split("|"), strict=True):
        yield Value(f"{column} percent", cell, report.percent.get(_RESOURCE.get(column, column)))
    if "Available SLR" in truth:
        (region,) = report.regions
        yield from _counts(columns, truth["Available SLR"], "of an SLR", lambda name: region.resources[name].available)
        for column, cell in zip(columns, truth["Utilization SLR (%)"].split("|"), strict=True):
            yield Value(f"{column} percent of an SLR", cell, region.percent.get(_RESOURCE.get(column, column)))


def _ns(text: str) -> float | None:
    if text in _UNKNOWN:
        return None
    number, unit = text.split()
    return float(Fraction(number) * {"ns": 1, "us": 1000, "ms": 10**6, "sec": 10**9}[unit])


def _csynth_xml(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    yield from _clock(truth, report)
    latency, interval = report.latency_cycles, report.interval_cycles
    stated = tuple(map(whole, truth["lat"]))
    yield Value("latency", stated, (latency.min, latency.avg, latency.max))
    yield Value("interval", tuple(map(whole, truth["ii"])), (interval.min, interval.max))
    yield Value("pipeline", truth["ptype"], report.pipeline)
    if (truth["pipeII"] or "").strip():
        yield Value("interval of the pipeline", whole(truth["pipeII"]), interval.max)
    if (truth["dataflow_tp"] or "").strip():
        yield Value("throughput of the dataflow", whole(truth["dataflow_tp"]), interval.max)
    yield from _resources(truth["used"], "used", lambda name: report.resources[name].used)
    yield from _resources(truth["avail"], "available", lambda name: report.resources[name].available)


def _resources(stated: Mapping[str, str], what: str, get: Callable[[str], object]) -> Iterator[Value]:
    for tag, count in stated.items():
        yield Value(f"{tag} {what}", whole(count), get(_RESOURCE.get(tag, tag)))


def _summary(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    row = truth["top_row"].split("|")
    name, issue, slack, cycles, _, _, interval, _, pipeline, bram, dsp, ff, lut, uram = row[:14]
    yield Value("top row", name.rstrip("*"), report.top)
    yield Value("issues", () if issue == "-" else (issue,), report.issues)
    yield Value("slack", decimal(slack), report.clock_ns.slack)
    yield Value("latency", whole(cycles), report.latency_cycles.max)
    yield Value("interval", whole(interval), report.interval_cycles.max)
    yield Value("pipeline", pipeline, report.pipeline)
    for resource, cell in {"BRAM_18K": bram, "DSP": dsp, "FF": ff, "LUT": lut, "URAM": uram}.items():
        count, _, percent = cell.partition("(")
        yield Value(f"{resource} used", whole(count), report.resources[resource].used)
        yield Value(f"{resource} percent", percent.rstrip("%)") or None, report.percent.get(resource))
    yield from _tree_rows(truth["nrows"], report)


def _tree_rows(stated: int, report: SynthesisReport) -> Iterator[Value]:
    """The row counts lines with a mark in all tables of the file: the tree's, and those of how operators are bound."""
    lines = [line for line in Path(report.path).read_text(errors="replace").split("\n") if _MARKED.match(line)]
    tree = [line for line in lines if line.count("|") == lines[0].count("|")]
    yield Value("marked lines", stated, len(lines))
    yield Value("modules and loops", len(tree), 1 + _inside(report))


def _inside(report: SynthesisReport) -> int:
    return sum(1 + _inside(module) for module in report.modules)


def _cosim(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    for language, status, *cells in truth["rows"]:
        (module,) = [module for module in report.modules if module.top == language]
        latency, interval = module.latency_cycles, module.interval_cycles
        yield Value(f"{language} status", None if status == "NA" else status, module.status)
        yield Value(f"{language} latency", tuple(map(whole, cells[:3])), (latency.min, latency.avg, latency.max))
        low, _, high = map(whole, cells[3:6])
        yield Value(f"{language} interval", (low, high), (interval.min, interval.max))
        yield Value(f"{language} total", whole(cells[6]) if len(cells) > 6 else None, module.total_cycles)
        if status != "NA":
            speaks = (module.status, latency, interval, module.total_cycles)
            said = (report.status, report.latency_cycles, report.interval_cycles, report.total_cycles)
            yield Value("the language that ran", speaks, said)


def _latency(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    told = truth["vals"]
    latency, interval = report.latency_cycles, report.interval_cycles
    stated = tuple(whole(told[f"{name}_LATENCY"]) for name in ("MIN", "AVER", "MAX"))
    yield Value("latency", stated, (latency.min, latency.avg, latency.max))
    stated = tuple(whole(told[f"{name}_THROUGHPUT"]) for name in ("MIN", "MAX"))
    yield Value("interval", stated, (interval.min, interval.max))
    yield Value("total", whole(told.get("TOTAL_EXECUTE_TIME")), report.total_cycles)


def _transactions(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield Value("transactions", truth["n"], report.transactions)


_ROWS = {
    "CLB LUTs": "LUT",
    "Slice LUTs": "LUT",
    "CLB Registers": "FF",
    "Slice Registers": "FF",
    "Registers": "FF",
    "DSPs": "DSP",
    "DSP Slices": "DSP",
    "URAM": "URAM",
}
_STAGES = {"Synthesized": "synth", "Fully Placed": "place", "Routed": "route", "Fully Routed": "route"}


def _utilization(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    yield Value("stage", _STAGES[truth["state"]], report.stage)
    columns = (truth["cols"] or "").split("|")
    for row in truth["rows"]:
        name, *cells = (cell.strip() for cell in row.strip("| ").split("|"))
        site = name.rstrip("*")
        if len(cells) == len(columns):
            stated = dict(zip(columns, cells, strict=True))
            yield _site(site, [stated["Used"], stated["Available"]], report.resources, report.counts)
        elif re.fullmatch(r"[A-Za-z /]+", cells[1]):  # `| RAMB36E1 | 16 | Block Memory |`
            yield Value(site, whole(cells[0]), report.counts[site].used)
        else:
            regions = report.regions[: len(cells) // 2]
            for cell, region in zip(cells, regions, strict=False):
                yield _site(site, [cell, None], region.resources, region.counts)
                yield Value("regions", len(cells) // 2, len(report.regions))


def _site(
    site: str, cells: list[str | None], resources: Mapping[str, Resource], counts: Mapping[str, Resource]
) -> Value:
    """Used and available; of tiles in blocks of 18 Kb."""
    name = "BRAM_18K" if site == "Block RAM Tile" else _ROWS.get(site)
    read = counts[site] if name is None else resources[name]
    factor = 2 if name == "BRAM_18K" else 1
    return Value(
        site, [None if cell is None else factor * Fraction(cell) for cell in cells], [read.used, read.available]
    )


def _accelerator(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    yield Value("stage", _STAGES[truth["state"]], report.stage)
    rows = {}
    for row in truth["rows"]:
        name, *cells = (cell.strip() for cell in row.strip("| ").split("|"))
        rows[name] = [int(cell.split("[")[0]) for cell in cells]
    names = ["FF", "LUT", None, "BRAM_18K", "URAM", "DSP"]
    for column, resource in enumerate(names):
        if resource is not None:
            factor = 2 if resource == "BRAM_18K" else 1
            read = report.resources[resource]
            yield Value(f"{resource} used", factor * rows["Used Resources"][column], read.used)
            yield Value(f"{resource} of the budget", factor * rows["User Budget"][column], read.available)


def _timing(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named(truth, report)
    if truth["state"]:
        yield Value("stage", _STAGES[truth["state"]], report.stage)
    timing = report.timing
    if timing is None:
        yield Value("timing", truth["summary_row"], None)
        return
    cells = truth["summary_row"].split()
    names = ["setup_slack", "setup_total", None, "endpoints", "hold_slack", "hold_total", None, None, "pulse_slack"]
    for name, cell in zip([*names, "pulse_total"], cells, strict=False):
        if name is not None:
            yield Value(name, float(cell), getattr(timing, name))
    yield Value("failing endpoints", sum(int(cells[at]) for at in (2, 6, 10)), timing.failing)
    yield Value("clocks", truth["nclocks"], len(timing.clocks))
    yield Value("met", truth["met"], timing.met)
    yield Value("slack", float(cells[0]), report.clock_ns.slack)


def _export_rpt(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    told, clock = dict(truth["vals"]), report.clock_ns
    (version,), (part,), (stage,), (word,) = truth["version"], truth["part"], truth["stage"], truth["timing"]
    yield from _named({"version": version, "part": part}, report)
    routed = stage == "Post-Implementation"
    yield Value("stage", "route" if routed else "synth", report.stage)
    yield Value("clock target", decimal(told.pop("CP required")), clock.target)
    synth, route = told.pop("CP achieved post-synthesis"), told.pop("CP achieved post-implementation", None)
    yield Value("clock achieved", decimal(route if routed else synth), clock.achieved)
    if routed:
        yield Value("clock estimated", decimal(synth), clock.estimated)
    yield Value("met", word == "Timing met", report.timing.met if report.timing else None)
    yield from _mixed(told, "used", report)


def _mixed(stated: Mapping[str, str], what: str, report: SynthesisReport) -> Iterator[Value]:
    """Counts of the five resources, and of what else the tool counts."""
    attribute = "used" if what == "used" else "available"
    for tag, count in stated.items():
        name = _RESOURCE.get(tag, tag)
        read = report.resources[name] if name in report.resources else report.counts[tag]
        yield Value(f"{tag} {what}", whole(count), getattr(read, attribute))


def _export_xml(truth: Truth, report: SynthesisReport) -> Iterator[Value]:
    yield from _named({"version": truth["version"]}, report)
    yield Value("stage", {"synth": "synth", "impl": "route"}[truth["run"]], report.stage)
    yield Value("clock target", decimal(truth["clk_target"]), report.clock_ns.target)
    yield Value("clock achieved", decimal(truth["clk_est"]), report.clock_ns.achieved)
    yield Value("met", truth["timing_met"] == "TRUE", report.timing.met if report.timing else None)
    yield from _mixed(truth["used"], "used", report)
    yield from _mixed(truth["avail"], "available", report)


_KINDS: dict[str, Callable[[Truth, SynthesisReport], Iterator[Value]]] = {
    "csynth rpt": _csynth_rpt,
    "csynth xml": _csynth_xml,
    "csynth.rpt summary": _summary,
    "cosim": _cosim,
    "lat.rpt": _latency,
    "transactions": _transactions,
    "vivado util": _utilization,
    "accelerator util": _accelerator,
    "timing": _timing,
    "export.rpt": _export_rpt,
    "export xml": _export_xml,
}
