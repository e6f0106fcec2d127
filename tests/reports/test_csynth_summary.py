"""`csynth.rpt` of Vitis HLS: the tree of modules and loops."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import csynth_summary
from fpga_tf.reports.read import read_report
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import AbsoluteLatency, Clock, Interval, Latency, Loop, Resource, SynthesisReport

SUMMARY = Path(__file__).parent / "data" / "hls" / "csynth.rpt"
DATA = SUMMARY.read_bytes()


def read(data: bytes) -> SynthesisReport:
    return csynth_summary.read(Source("csynth.rpt", data))


def edited(old: str, new: str) -> bytes:
    assert DATA.count(old.encode()) == 1, f"{old!r} must be in the fixture once"
    return DATA.replace(old.encode(), new.encode())


def test_the_top_module_is_the_report() -> None:
    report = read_report(SUMMARY)
    assert (report.format, report.stage, report.tool) == ("csynth_summary", "csynth", "Vitis HLS")
    assert (report.version, report.part, report.top) == ("2023.1", "xc7z007s-clg225-2", "tagger")
    assert (report.kind, report.date) == ("design", "Sun Feb  9 17:40:02 2025")
    assert report.clock_ns == Clock(slack=-0.41)
    assert (report.issues, report.pipeline) == (("Timing",), "dataflow")
    assert report.latency_cycles == Latency(None, None, 5120), "the format tells the largest only"
    assert (report.latency_ns, report.interval_cycles) == (AbsoluteLatency(None, 17770.0), Interval(None, 5121))
    assert (report.resources["DSP"], report.percent["DSP"]) == (Resource(183, None), "277")
    assert report.resources["URAM"] == Resource()
    assert "URAM" not in report.percent


def test_modules_and_loops_are_a_tree() -> None:
    attention, head = read(DATA).modules
    loop, second = attention.modules
    (product,) = loop.modules
    assert [node.top for node in (attention, head, loop, second, product)] == [
        "attention",
        "head",
        "VITIS_LOOP_18_1",
        "Loop 2",
        "product",
    ]
    assert (loop.kind, product.kind, loop.issues) == ("loop", "module", ("II",))
    assert (loop.loop, loop.interval_cycles.max) == (Loop(None, 72, None, 12, None), 4)
    assert (second.loop, second.latency_cycles) == (Loop(1, 3, 2, 4, None), Latency(3, None, 9))
    assert (product.latency_cycles.max, product.resources["FF"].used) == (0, 0), "zero is a value"
    assert (product.percent["LUT"], head.pipeline) == ("~0", "rewind")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("|+ tagger*", "|+ taggre*", "alone at the top"),
        ("| + head ", "|+ head  ", "alone at the top"),
        ("|   + product", "|    + produc", "one level below"),
        ("| + head ", "|   head ", "must begin with"),
        ("183 (277%)", "183 (277)%", "must be like"),
        ("     3 ~ 9|", "     9 ~ 3|", "smallest <= largest"),
        ("|  1.777e+04|", "|  1.777e+x4|", "must be a time"),
        ("|      5120|", "|       5120|", "stand below"),
        ("Modules         |", "Modulos         |", "must have the table"),
    ],
)
def test_damage_is_an_error(old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(edited(old, new))


def test_nesting_without_end_is_an_error() -> None:
    lines = DATA.decode().split("\n")
    at = next(index for index, line in enumerate(lines) if "| + head" in line)
    indent = lines[at].index("|") + 1
    deep = []
    for depth in range(1, 200):
        name = (" " * depth + "+ m").ljust(220)
        deep.append(lines[at][:indent] + name + lines[at][lines[at].index("|", indent) :])
    wide = [_widened(line) for line in lines[:at]]
    closing = [_widened(line) for line in lines[at + 1 :]]
    with pytest.raises(UserError, match="one level below"):
        read("\n".join([*wide, *deep, *closing]).encode())


def _widened(line: str) -> str:
    """A line of the table with a first column of 220 characters."""
    if line.startswith("    +-"):
        return "    +" + "-" * 220 + line[line.index("+", 5) :]
    if line.startswith("    |"):
        end = line.index("|", 5)
        return "    |" + line[5:end].ljust(220) + line[end:]
    return line


def values(report: SynthesisReport) -> dict[str, object]:
    """Every value by name of the module; the fixture's names are unlike."""
    found: dict[str, object] = {}
    waiting = [report]
    while waiting:
        node = waiting.pop()
        entries = node.to_json()
        waiting.extend(node.modules)
        for key in ("top", "part", "version", "kind", "pipeline"):
            found[f"{node.top}.{key}"] = entries[key]
        for key in ("clock_ns", "latency_cycles", "interval_cycles", "latency_ns", "percent", "loop"):
            for name, value in (entries[key] or {}).items():
                found[f"{node.top}.{key}.{name}"] = value
        for name, resource in node.resources.items():
            found[f"{node.top}.{name}"] = resource.used
    return found


WHOLE = values(read(DATA))


def assert_no_other_value(data: bytes) -> None:
    source = Source("csynth.rpt", data)
    try:
        if not csynth_summary.claims(source):
            return
        found = values(csynth_summary.read(source))
    except UserError:
        return
    assert not {name: value for name, value in found.items() if value is not None and value != WHOLE.get(name)}


def test_a_file_cut_anywhere_gives_no_other_value() -> None:
    for length in range(len(DATA)):
        assert_no_other_value(DATA[:length])


def test_dropped_doubled_and_swapped_lines_give_no_other_value() -> None:
    lines = DATA.split(b"\n")
    for at in range(len(lines)):
        assert_no_other_value(b"\n".join(lines[:at] + lines[at + 1 :]))
        assert_no_other_value(b"\n".join([*lines[: at + 1], *lines[at:]]))
        assert_no_other_value(b"\n".join([*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]))


def test_two_reports_in_one_file_are_an_error() -> None:
    with pytest.raises(UserError, match="once, not again"):
        read(DATA + DATA.replace(b"|      5120|", b"|      5119|"))
    assert values(read(DATA + DATA)) == WHOLE
