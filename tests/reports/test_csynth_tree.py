"""Modules in modules, loops in loops, and what the tool complains of, in `csynth.xml`. Expected values read by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import csynth_xml
from fpga_tf.reports.read import read_report
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import RESOURCES, AbsoluteLatency, Clock, Interval, Latency, Loop, Resource, SynthesisReport

TREE = Path(__file__).parent / "data" / "vitis_tree_csynth.xml"
DATA = TREE.read_bytes()


def read(data: bytes) -> SynthesisReport:
    return csynth_xml.read(Source("csynth.xml", data))


def edited(old: str, new: str, count: int = 1) -> bytes:
    assert DATA.count(old.encode()) == count, f"{old!r} must be in the fixture {count} times"
    return DATA.replace(old.encode(), new.encode(), 1)


def used(report: SynthesisReport) -> list[int | None]:
    """LUT, FF, DSP, BRAM_18K, URAM."""
    return [report.resources[name].used for name in RESOURCES]


def test_the_design_is_completed_by_what_the_file_says_of_it_among_the_modules() -> None:
    report = read_report(TREE)
    assert (report.top, report.part, report.version) == ("mixer", "xczu7ev-ffvc1156-2-e", "2023.1")
    assert (report.latency_cycles, report.interval_cycles) == (Latency(1407, 4711, 10233), Interval(1408, 10234))
    assert report.latency_ns == AbsoluteLatency(5628.0, 40932.0)
    assert (used(report), report.issues) == ([31877, 20411, 96, 29, 2], ("Timing", "Slack"))
    assert report.percent == {"LUT": "13", "FF": "4", "DSP": "5", "BRAM_18K": "4", "URAM": "2"}
    assert report.notes == ("<ModuleInformation> of the same file says LUT 31902 of the top, not 31877",)
    assert [(module.kind, module.top, module.instance) for module in report.modules] == [
        ("loop", "ROWS", None),
        ("loop", "DRAIN", None),
        ("module", "attend", "grp_attend_fu_91"),
        ("module", "project", "project_U0"),
        ("module", "spare", None),
    ]


def test_the_top_is_no_module_of_its_own_even_if_the_file_has_lost_its_name() -> None:
    nameless = read(edited("<TopModelName>mixer</TopModelName>", ""))
    assert (nameless.top, nameless.modules) == (None, read(DATA).modules)


def test_loops_lie_in_loops() -> None:
    rows, drain = read(DATA).modules[:2]
    assert (rows.loop, rows.latency_cycles, rows.interval_cycles) == (
        Loop(8, 24, 140, 391),
        Latency(1120, None, 9384),
        Interval(),
    )
    assert (rows.latency_ns, rows.clock_ns, rows.pipeline) == (
        AbsoluteLatency(4480.0, 37536.0),
        Clock(slack=-0.37),
        "no",
    )
    (columns,) = rows.modules
    (taps,) = columns.modules
    assert (columns.loop, columns.latency_cycles) == (Loop(17, 17, 7, 22), Latency(119, None, 374))
    assert (taps.loop, taps.latency_cycles, taps.interval_cycles) == (
        Loop(3, 3, 4, 4),
        Latency(5, None, 5),
        Interval(1, 1),
    )
    assert (taps.latency_ns, taps.pipeline) == (AbsoluteLatency(20.0, 20.0), "yes")
    assert (drain.loop, drain.latency_cycles, drain.interval_cycles) == (
        Loop(None, None, 6, 6),
        Latency(),
        Interval(2, 2),
    )


def test_a_loop_has_its_own_complaints() -> None:
    rows, drain = read(DATA).modules[:2]
    assert (rows.issues, rows.modules[0].issues) == (("Timing",), ())
    assert drain.issues == ("II", "Memory Dependency")


def test_modules_lie_in_modules_once_for_each_instance() -> None:
    attend, project = read(DATA).modules[2:4]
    assert (attend.latency_cycles, attend.interval_cycles, attend.pipeline) == (
        Latency(210, 333, 501),
        Interval(60, 118),
        "dataflow",
    )
    assert (attend.issues, used(attend)) == (("Timing", "Slack"), [9903, 6120, 44, 17, 2])
    assert attend.percent == {"LUT": "4", "FF": "1", "DSP": "2", "BRAM_18K": "2", "URAM": "2"}
    assert [(module.top, module.instance) for module in attend.modules] == [
        ("scores", "grp_scores_fu_40"),
        ("scores", "grp_scores_fu_52"),
        ("shift", "shift_U7"),
    ], "exp_table, of which the file says nothing, gives way to what is in it"
    for scores in attend.modules[:2]:
        assert (scores.latency_cycles, scores.interval_cycles) == (Latency(44, 44, 46), Interval(44, 46))
        assert (used(scores), scores.issues) == ([1407, 812, 15, 4, 0], ("II", "Memory Dependency"))
        (keys,) = scores.modules
        assert (keys.kind, keys.top, keys.loop, keys.interval_cycles) == (
            "loop",
            "KEYS",
            Loop(15, 15, 14, 14),
            Interval(2, 2),
        )
    shift = attend.modules[2]
    assert (shift.latency_cycles, shift.clock_ns) == (Latency(0, 0, 0), Clock(4.0, 0.0, 1.08)), "zero is a value"
    assert (shift.percent["LUT"], shift.percent["FF"]) == ("~0", "0")
    assert (project.latency_cycles, project.interval_cycles) == (Latency(), Interval())
    assert project.resources["URAM"] == Resource()


def test_what_a_part_of_the_design_takes_is_not_the_designs() -> None:
    """Without its own part the design is unknown: nothing of a module is put in its place."""
    start = DATA.index(b"<AreaEstimates>")
    end = DATA.index(b"</AreaEstimates>") + len(b"</AreaEstimates>")
    assert used(read(DATA[:start] + DATA[end:])) == [None] * 5


@pytest.mark.parametrize(
    ("old", "new", "count", "message"),
    [
        ("<min>8</min>", "<min>25</min>", 1, "from the smallest to the largest, not 25, 24"),
        ("<Name>project</Name>", "<Name>attend</Name>", 1, "given to one module, not 'attend'"),
        ("<TripCount>17</TripCount>", "<TripCount>1x7</TripCount>", 1, "must be a whole number or unknown"),
        ("<Slack>-0.37</Slack>", "<Slack>- 0.37</Slack>", 1, "must be a number or unknown"),
        ("<PipelineDepth>14<", "<PipelineDepth>14</PipelineDepth><PipelineDepth>15<", 1, "given once, not 2 times"),
        ("<LUT>9903</LUT>", "<LUT>9903</LUT><LUT>9904</LUT>", 1, "given once, not 2 times"),
        ("<min>60</min>", "<min>600</min>", 1, "from the smallest to the largest, not 600, 118"),
        (
            "<AbsoluteTimeLatency>20.000 ns<",
            "<AbsoluteTimeLatency>20.000 parsec<",
            1,
            "must be a time or unknown, not '20.000 parsec'",
        ),
    ],
)
def test_damage_is_an_error(old: str, new: str, count: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(edited(old, new, count))


def test_two_loops_of_one_name_are_an_error() -> None:
    start, end = DATA.index(b"<DRAIN>"), DATA.index(b"</DRAIN>") + len(b"</DRAIN>")
    with pytest.raises(UserError, match="<DRAIN> of a C-synthesis report must be given once, not 2 times"):
        read(DATA[:end] + DATA[start:end] + DATA[end:])


def values(report: SynthesisReport) -> set[tuple[object, str, object]]:
    """Name of module or loop, name of the value, value; for all below the report."""
    found: set[tuple[object, str, object]] = set()
    waiting = [report]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.modules)
        entries = node.to_json()
        for key in ("part", "version", "kind", "pipeline"):
            found.add((node.top, key, entries[key]))
        for key in ("clock_ns", "latency_cycles", "interval_cycles", "latency_ns", "percent", "loop"):
            found |= {(node.top, f"{key}.{name}", value) for name, value in (entries[key] or {}).items()}
        for name, resource in node.resources.items():
            found |= {(node.top, f"{name}.used", resource.used), (node.top, f"{name}.available", resource.available)}
    return found


# What the file says of the design a second time, among the modules: without the design's name it is one of them.
WHOLE = values(read(DATA)) | {("mixer", "kind", "module"), ("mixer", "LUT.used", 31902)}


def assert_no_other_value(data: bytes) -> None:
    source = Source("csynth.xml", data)
    try:
        if not csynth_xml.claims(source):
            return
        found = values(csynth_xml.read(source))
    except UserError:
        return
    assert not {entry for entry in found - WHOLE if entry[0] is not None and entry[2] is not None}


def test_a_file_cut_anywhere_is_an_error() -> None:
    small = (TREE.parent / "vitis_unknown_csynth.xml").read_bytes()
    for data, step in ((small, 1), (DATA, 13)):
        for length in range(0, len(data.rstrip()), step):
            source = Source("csynth.xml", data[:length])
            if csynth_xml.claims(source):
                with pytest.raises(UserError, match="must be complete XML"):
                    csynth_xml.read(source)


def test_dropped_doubled_and_swapped_lines_give_no_other_value() -> None:
    lines = DATA.split(b"\n")
    for at in [at for at, line in enumerate(lines) if not line.strip().startswith(b"</")]:
        assert_no_other_value(b"\n".join(lines[:at] + lines[at + 1 :]))
        assert_no_other_value(b"\n".join([*lines[: at + 1], *lines[at:]]))
        assert_no_other_value(b"\n".join([*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]))


@pytest.mark.parametrize("other", [DATA, (TREE.parent / "vitis_csynth.xml").read_bytes()], ids=["itself", "another"])
def test_two_reports_in_one_file_are_an_error(other: bytes) -> None:
    for joined in (DATA + other, other + DATA, DATA.rstrip() + other):
        with pytest.raises(UserError, match="must be complete XML"):
            read(joined)
