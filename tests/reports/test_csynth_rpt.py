"""`<top>_csynth.rpt` of Vivado HLS and Vitis HLS: every value, by heading, and never a wrong one of a damaged file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import csynth_rpt
from fpga_tf.reports.read import read_report
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import AbsoluteLatency, Clock, Interval, Latency, Loop, Resource, SynthesisReport

DATA = Path(__file__).parent / "data" / "hls"
VIVADO = (DATA / "vivado_old_csynth.rpt").read_bytes()
VITIS = (DATA / "vitis_csynth.rpt").read_bytes()


def read(data: bytes) -> SynthesisReport:
    return csynth_rpt.read(Source("x_csynth.rpt", data))


def edited(data: bytes, old: str, new: str) -> bytes:
    assert data.count(old.encode()) == 1, f"{old!r} must be in the fixture once"
    return data.replace(old.encode(), new.encode())


def test_old_report_is_read_whole() -> None:
    report = read_report(DATA / "vivado_old_csynth.rpt")
    assert (report.format, report.stage, report.tool, report.version) == (
        "csynth_rpt",
        "csynth",
        "Vivado HLS",
        "2018.3",
    )
    assert (report.part, report.top, report.date) == ("xc7z020clg400-1", "tagger", "Mon Mar  4 09:12:45 2019")
    assert report.clock_ns == Clock(target=8.0, estimated=7.106, uncertainty=1.0)
    assert (report.latency_cycles, report.interval_cycles) == (Latency(412, None, 977), Interval(413, 978))
    assert (report.latency_ns, report.pipeline, report.regions) == (AbsoluteLatency(), "none", ())
    assert report.resources["BRAM_18K"] == Resource(307, 280)
    assert report.resources["URAM"] == Resource(None, None)
    assert report.percent == {"LUT": "7", "FF": "2", "DSP": "21", "BRAM_18K": "109"}


def test_units_and_slr_of_a_new_report() -> None:
    report = read_report(DATA / "vitis_csynth.rpt")
    assert (report.tool, report.version) == ("Vitis HLS", "2024.2.1")
    assert report.clock_ns == Clock(target=3.33, estimated=3.471, uncertainty=0.9)
    assert report.latency_cycles == Latency(0, None, 5120), "zero is a value"
    assert report.latency_ns == AbsoluteLatency(0.0, 17772.0)
    (region,) = report.regions
    assert (region.name, region.resources["DSP"], region.percent["DSP"]) == ("SLR", Resource(None, 3072), "137")
    assert (report.resources["DSP"], report.percent["DSP"]) == (Resource(4210, 12288), "34")
    assert report.percent["BRAM_18K"] == "~0"


def test_a_cosimulation_behind_it_disturbs_nothing_but_is_noted() -> None:
    assert "co-simulation" in read(VITIS).notes[0]
    assert read(VITIS.split(b"CO-SIMULATION")[0]).notes == ()
    assert read(VITIS.split(b"CO-SIMULATION")[0]).latency_cycles == read(VITIS).latency_cycles


def test_instances_are_joined_by_name() -> None:
    embed, attention, control = read(VITIS).modules
    assert (embed.kind, embed.instance, embed.top) == ("module", "embed_U0", "embed")
    assert embed.pipeline == "loop auto-rewind stp (delay=0 clock cycles(s))"
    assert (embed.latency_cycles, embed.resources["DSP"].used) == (Latency(13, None, 13), 210)
    assert embed.resources["URAM"] == Resource()
    assert attention.latency_ns == AbsoluteLatency(2222.0, 1_500_000.0)
    assert (control.latency_cycles, control.resources["LUT"].used) == (Latency(), 31)


def test_loops_are_a_tree_with_ranges() -> None:
    first, second = [module for module in read(VIVADO).modules if module.kind == "loop"]
    assert first.loop == Loop(20, 20, 17, 44, None)
    inner, last = first.modules
    assert (inner.top, inner.loop, inner.interval_cycles) == ("Loop 1.1", Loop(3, 16, 3, 3, 1), Interval(2, 2))
    assert [loop.top for loop in inner.modules] == ["Loop 1.1.1"]
    assert (last.loop, last.latency_cycles) == (Loop(None, None, 5, 5, 1), Latency())
    assert (second.top, second.modules) == ("Loop 2", ())


def test_columns_are_found_by_heading() -> None:
    swapped = edited(
        VIVADO, "|       Name      | BRAM_18K| DSP48E|   FF   |", "|       Name      |   FF    | DSP48E|BRAM_18K|"
    )
    with pytest.raises(UserError, match="state shares that fit"):
        read(swapped.replace(b"|      109|     21|       2|", b"|       42|     21|       2|"))
    assert read(swapped).resources["FF"] == Resource(307, 280)
    assert read(swapped).resources["BRAM_18K"] == Resource(2712, 106400)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("|  412|  977|", "|  977|  412|", "smallest <= largest"),
        ("|  412|  977|", "|  41 |  9x7|", "must be a whole number"),
        ("|  412|  977|", "| 412|   977|", "stand below"),
        ("|     21|       2|      7|", "|     12|       2|      7|", "shares that fit"),
        ("|     7.106|", "|   7.106 h|", "must be a time"),
        ("| 3 ~ 16 |", "| 16 ~ 3 |", "smallest <= largest"),
        ("|    Loop Name    |", "| |  Loop Name    |", "must have 9 cells like its heading, not 8"),
        (" + Loop 1.1      |", "++ Loop 1.1      |", "one level below"),
        ("|grp_norm_fu_131       |", "|grp_dense_1_s_fu_112  |", "state an instance's performance once"),
        ("== Utilization Estimates", "== Vivado HLS Report for 'other'", "state top once"),
    ],
)
def test_damage_is_an_error(old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(edited(VIVADO, old, new))


def test_two_reports_in_one_file_are_an_error() -> None:
    with pytest.raises(UserError, match="once, not again"):
        read(VIVADO + VITIS)
    assert read(VIVADO + VIVADO).latency_cycles == Latency(412, None, 977), "the same twice says the same"


def test_two_clocks_leave_the_designs_unknown() -> None:
    row = "    |ap_clk  |   8.00|     7.106|        1.00|\n"
    assert read(edited(VIVADO, row, row + row.replace("ap_clk", "io_clk"))).clock_ns == Clock()


def values(report: SynthesisReport) -> dict[str, object]:
    """Every value of a report by its name, modules by theirs."""
    found: dict[str, object] = {}

    def add(name: str, value: object) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                add(f"{name}.{key}", entry)
        else:
            found[name] = value

    def walk(node: SynthesisReport, name: str) -> None:
        entries = node.to_json()
        for key in ("path", "modules", "regions", "notes", "issues"):
            entries.pop(key)
        add(name, entries)
        for region in node.to_json()["regions"]:
            add(f"{name}/{region['name']}", region)
        for module in node.modules:
            walk(module, f"{module.instance}:{module.top}")

    walk(report, "")
    return found


def assert_no_other_value(data: bytes, whole: dict[str, object]) -> None:
    source = Source("x.rpt", data)
    try:
        if not csynth_rpt.claims(source):
            return
        found = values(csynth_rpt.read(source))
    except UserError:
        return
    wrong = {
        name: value
        for name, value in found.items()
        if value is not None and name.rpartition(".")[2] != "date" and value != whole.get(name)
    }
    assert not wrong


@pytest.mark.parametrize("data", [VIVADO, VITIS], ids=["vivado", "vitis"])
def test_a_file_cut_anywhere_gives_no_other_value(data: bytes) -> None:
    whole = values(read(data))
    for length in range(len(data)):
        assert_no_other_value(data[:length], whole)


@pytest.mark.parametrize("data", [VIVADO, VITIS], ids=["vivado", "vitis"])
def test_dropped_doubled_and_swapped_lines_give_no_other_value(data: bytes) -> None:
    whole = values(read(data))
    lines = data.split(b"\n")
    for at in range(len(lines)):
        assert_no_other_value(b"\n".join(lines[:at] + lines[at + 1 :]), whole)
        assert_no_other_value(b"\n".join([*lines[: at + 1], *lines[at:]]), whole)
        assert_no_other_value(b"\n".join([*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]), whole)


def test_one_dropped_character_gives_no_other_value() -> None:
    """In a table: everywhere else the text is a name or a date, of which nothing tells that a letter is missing."""
    whole = values(read(VIVADO))
    start = VIVADO.index(b"+ Timing (ns)")
    for at in range(start, len(VIVADO)):
        if VIVADO[at : at + 1] in b"0123456789 |+-":
            assert_no_other_value(VIVADO[:at] + VIVADO[at + 1 :], whole)
