"""Reports of co-simulation that are doubled, joined with others, cut or out of order: never a wrong number."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports.read import read_source
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import SynthesisReport

TRAPS = Path(__file__).parent / "traps"
HLS = Path(__file__).parent / "data" / "hls"
RPT = (TRAPS / "06_cosim_total_time.rpt").read_bytes()
OLD = (TRAPS / "05_cosim_vhdl.rpt").read_bytes()
FAIL = (TRAPS / "03_cosim_fail.rpt").read_bytes()
LAT = (TRAPS / "06_lat_total_time.rpt").read_bytes()
ZEROS = (TRAPS / "04_lat_zeros.rpt").read_bytes()
LIST = (TRAPS / "06_transactions.rpt").read_bytes()
ONE = (
    TRAPS / "02_cosim_beside_csynth/scanner_prj/solution1/sim/report/verilog/result.transaction.rpt"
).read_bytes()  # a single transaction
SYNTHESIS = (HLS / "vivado_old_csynth.rpt").read_bytes()
ALL = {"rpt": RPT, "old": OLD, "fail": FAIL, "lat": LAT, "zeros": ZEROS, "list": LIST, "one": ONE}
each = pytest.mark.parametrize("data", ALL.values(), ids=ALL)


def read(data: bytes) -> SynthesisReport:
    return read_source(Source("report", data))


def values(report: SynthesisReport) -> dict[str, object]:
    """All numbers and the status, of languages by their name."""
    found: dict[str, object] = {}
    for part in (report, *report.modules):
        where = "" if part is report else f"{part.top} "
        found |= {f"{where}status": part.status, f"{where}total": part.total_cycles, f"{where}n": part.transactions}
        for span in ("latency_cycles", "interval_cycles"):
            found |= {f"{where}{span} {end}": number for end, number in part.to_json()[span].items()}
    return found


def assert_no_other_value(data: bytes, whole: dict[str, object]) -> None:
    try:
        found = values(read(data))
    except UserError:
        return
    assert not {name: value for name, value in found.items() if value is not None and value != whole.get(name)}


@each
def test_a_file_cut_anywhere_gives_no_other_value(data: bytes) -> None:
    whole = values(read(data))
    for length in range(1, len(data)):
        assert_no_other_value(data[:length], whole)


@each
def test_dropped_doubled_and_swapped_lines_give_no_other_value(data: bytes) -> None:
    whole = values(read(data))
    lines = data.split(b"\n")
    for at in range(len(lines)):
        for to in range(len(lines)):
            moved = [*lines[:at], *lines[at + 1 :]]
            assert_no_other_value(b"\n".join([*moved[:to], lines[at], *moved[to:]]), whole)
            assert_no_other_value(b"\n".join([*lines[:to], lines[at], *lines[to:]]), whole)
        assert_no_other_value(b"\n".join(lines[:at] + lines[at + 1 :]), whole)


@pytest.mark.parametrize("data", [RPT, OLD], ids=["rpt", "old"])
def test_one_dropped_character_of_the_table_gives_no_other_value(data: bytes) -> None:
    whole = values(read(data))
    for at in range(data.index(b"+---"), len(data)):
        if not data[at : at + 1].isalpha():
            assert_no_other_value(data[:at] + data[at + 1 :], whole)


def test_a_table_twice_is_an_error() -> None:
    for joined in (RPT + RPT, RPT + b"\n" + OLD, OLD + b"\n" + RPT, OLD + FAIL, FAIL + OLD):
        with pytest.raises(UserError, match="must have one table of results, not 2"):
            read(joined)


def test_the_same_values_twice_say_the_same_and_others_are_an_error() -> None:
    assert values(read(LAT + LAT)) == values(read(LAT))
    for joined in (LAT + ZEROS, ZEROS + LAT):
        with pytest.raises(UserError, match="MAX_LATENCY must be given once, not with two values") as caught:
            read(joined)
        assert caught.value.where == "report:8"


def test_a_list_twice_is_an_error() -> None:
    for joined in (LIST + LIST, LIST + ONE, ONE + LIST, ONE + ONE):
        with pytest.raises(UserError, match="must list transaction"):
            read(joined)


def test_a_list_without_its_last_lines_is_an_error() -> None:
    lines = LIST.splitlines(keepends=True)
    for count in range(2, len(lines)):
        with pytest.raises(UserError, match="whose interval is x"):
            read(b"".join(lines[:count]))


@pytest.mark.parametrize("other", [name for name in ALL if name not in ("rpt", "old", "fail")])
def test_reports_of_two_kinds_are_an_error_or_the_first_alone(other: str) -> None:
    assert_no_other_value(RPT + ALL[other], values(read(RPT)))
    with pytest.raises(UserError):
        read(ALL[other] + RPT)


def test_synthesis_in_front_is_read_and_the_simulation_noted() -> None:
    report = read(SYNTHESIS + b"\n" + RPT)
    assert (report.format, report.latency_cycles.max, report.total_cycles) == ("csynth_rpt", 977, None)
    assert "co-simulation's result, which is not read" in report.notes[0]
    assert_no_other_value(RPT + b"\n" + SYNTHESIS, values(read(SYNTHESIS)))
    headless = SYNTHESIS.replace(b"== Vivado HLS Report for 'tagger'\n", b"")
    assert headless != SYNTHESIS
    for joined in (LAT + SYNTHESIS, LIST + SYNTHESIS, ONE + SYNTHESIS, headless + RPT):
        with pytest.raises(UserError):
            read(joined)
