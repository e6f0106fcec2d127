"""Co-simulation's reports, against those of real tools; damaged ones are refused or say nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fpga_tf.errors import UserError
from fpga_tf.reports import cosim_latency, cosim_rpt, cosim_transactions
from fpga_tf.reports.read import read_report
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import Interval, Latency

SHARED = Path(__file__).parents[3] / "shared" / "reports"
LAT = "".join(
    f'${name} = "{value}"\n'
    for name, value in {"MAX_LATENCY": 31, "MIN_LATENCY": 29, "AVER_LATENCY": 30, "MAX_THROUGHPUT": 0}.items()
)
RULE = "+----------+----------+" + ("-" * 47 + "+") * 2
COSIM = "\n".join(
    [
        "Report time       : Mon Mar  3 10:00:00 UTC 2025.",
        "Simulation tool   : xsim.",
        "",
        RULE,
        f"|          |          |{'Latency':^47}|{'Interval':^47}|",
        "+   RTL    +  Status  +" + ("-" * 47 + "+") * 2,
        "|          |          |" + "".join(f"{name:^15}|" for name in ("min", "avg", "max") * 2),
        "+----------+----------+" + ("-" * 47 + "+") * 2,
        "|      VHDL|      Pass|" + "".join(f"{value:>15}|" for value in (5, 6, 7, 1, 1, 2)),
        "|   Verilog|      {}|" + "".join(f"{value:>15}|" for value in (4, 5, 9, 1, 1, 2)),
        RULE,
        "",
    ]
)
LIST = "                             latency        interval\n" + "".join(
    f"transaction {number:7}: {latency:15} {gap:>15}\n" for number, latency, gap in ((0, 12, "4"), (1, 15, "x"))
)


def source(text: str) -> Source:
    return Source("report", text.encode())


def test_languages_that_differ_give_the_whole_range_and_a_failed_one_speaks() -> None:
    report = cosim_rpt.read(source(COSIM.format("Pass")))
    assert (report.status, report.latency_cycles, report.interval_cycles) == (
        "Pass",
        Latency(4, None, 9),
        Interval(1, 2),
    )
    assert report.notes and [module.top for module in report.modules] == ["VHDL", "Verilog"]
    assert cosim_rpt.read(source(COSIM.format("Fail"))).status == "Fail"


def test_an_interval_of_zero_is_explained() -> None:
    report = cosim_latency.read(source(LAT))
    assert (report.latency_cycles, report.interval_cycles) == (Latency(29, 30, 31), Interval(None, 0))
    assert "no second transaction" in report.notes[0]


def test_transactions_are_counted_and_an_average_that_is_not_whole_is_unknown() -> None:
    report = cosim_transactions.read(source(LIST))
    assert (report.transactions, report.latency_cycles) == (2, Latency(12, None, 15))
    assert report.interval_cycles == Interval(4, 4)
    with pytest.raises(UserError, match="transaction 2 here"):
        cosim_transactions.read(source(LIST + LIST.splitlines()[1] + "\n"))


def test_every_cut_of_a_list_is_refused_unless_only_its_last_line_end_is_lost() -> None:
    for text in (LIST, LIST.splitlines(keepends=True)[0] + f"transaction       0: {965:15} {0:15}\n"):
        whole = cosim_transactions.read(source(text))
        assert cosim_transactions.read(source(text[:-1])) == whole
        for length in range(len(text) - 1):
            with pytest.raises(UserError):
                cosim_transactions.read(source(text[:length]))


@pytest.mark.parametrize("lines", [1, 2])
def test_a_list_without_its_last_transactions_is_refused(lines: int) -> None:
    """Even one that is cut off at the end of a line: its largest latency may be behind the cut."""
    with pytest.raises(UserError, match="last transaction, whose interval is x"):
        cosim_transactions.read(source("".join(LIST.splitlines(keepends=True)[:lines])))


def test_an_average_outside_of_smallest_and_largest_is_refused() -> None:
    with pytest.raises(UserError, match="from the smallest to the largest, not 29, 130, 31"):
        cosim_latency.read(source(LAT.replace('"30"', '"130"')))
    with pytest.raises(UserError, match="from the smallest to the largest, not 5, 60, 7"):
        cosim_rpt.read(source(COSIM.format("Pass").replace("              6|", "             60|")))


def test_every_cut_gives_the_true_value_none_or_an_error() -> None:
    for text, read in ((COSIM.format("Pass"), cosim_rpt.read), (LAT, cosim_latency.read)):
        whole = read(source(text))
        for length in range(len(text)):
            try:
                part = read(source(text[:length]))
            except UserError:
                continue
            for name in ("min", "avg", "max"):
                assert getattr(part.latency_cycles, name) in (None, getattr(whole.latency_cycles, name)), length


@pytest.mark.skipif(not (SHARED / "truth.json").is_file(), reason="the collection of real reports is not here")
def test_every_real_report_is_read_as_a_person_reads_it() -> None:
    right = 0
    for row in json.loads((SHARED / "truth.json").read_text()):
        truth, path = row["truth"], SHARED / "files" / row["file"]
        if truth["kind"] == "cosim":
            report = read_report(path)
            ends = ("min", "avg", "max")
            cells = [[m.top, m.status, *(getattr(m.latency_cycles, end) for end in ends)] for m in report.modules]
            texts = [[None if text == "NA" else text for text in cells[:5]] for cells in truth["rows"]]
            assert [[None if x is None else str(x) for x in found] for found in cells] == texts
            ran = next(module for module in report.modules if module.status)
            row_ran = next(r for r in truth["rows"] if r[1] == "Pass")
            want = [None if text == "NA" else int(text) for text in row_ran[5:]]
            assert [ran.interval_cycles.min, ran.interval_cycles.max] == [want[0], want[2]]
            assert ran.total_cycles == (want[3] if len(want) > 3 else None)
            assert (report.status, report.latency_cycles, report.total_cycles) == (
                "Pass",
                ran.latency_cycles,
                ran.total_cycles,
            )
        elif truth["kind"] == "lat.rpt":
            report, vals = read_report(path), truth["vals"]
            found = (report.latency_cycles.min, report.latency_cycles.avg, report.latency_cycles.max)
            assert found == tuple(int(vals[name + "_LATENCY"]) for name in ("MIN", "AVER", "MAX"))
            assert report.interval_cycles == Interval(int(vals["MIN_THROUGHPUT"]), int(vals["MAX_THROUGHPUT"]))
            total = vals.get("TOTAL_EXECUTE_TIME")
            assert report.total_cycles == (None if total is None else int(total))
        elif truth["kind"] == "transactions":
            assert read_report(path).transactions == truth["n"]
        else:
            continue
        right += 1
    assert right == 15
