"""Reads real tool reports with this project and with hls4ml, and holds both against what a person read in them.

    read_reports.py [FOLDER]

FOLDER holds `truth.json` and `files/`. hls4ml reads a project, not a file: each file that it has a place for is put
into the skeleton of a project. Its outcome is told for reading alone, and for reading and printing, as its users do.

- right: every value that is told is the file's. (hls4ml tells fewer; what it leaves out is not held against it.)
- wrong: a value is not.
- incomplete: a resource that its report always has is missing.
- crashed: an exception, other than this project's errors.
- not supported: hls4ml has no place for such a file; this project refuses it.

Seconds are medians of processor time for reading one file, without making the skeleton. One JSON object is printed.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import hls4ml  # noqa: E402
from hls4ml.report import vivado_report  # noqa: E402

from fpga_tf.errors import FpgaTfError  # noqa: E402
from fpga_tf.reports.read import read_report  # noqa: E402
from tests.reports.test_shared_reports import check_row  # noqa: E402

RUNS = 5
TOP = "top"
RIGHT, WRONG, INCOMPLETE, CRASHED, UNSUPPORTED = "right", "wrong", "incomplete", "crashed", "not supported"
SOLUTION = "top_prj/solution1"
# Kind of a row to the place in hls4ml's project. The other kinds have none.
PLACES = {
    "csynth xml": f"{SOLUTION}/syn/report/{TOP}_csynth.xml",
    "cosim": f"{SOLUTION}/sim/report/{TOP}_cosim.rpt",
    "vivado util": "vivado_synth.rpt",
    "timing": f"{TOP}_vivado_accelerator/project_1.runs/impl_1/design_1_wrapper_timing_summary_routed.rpt",
}
# Rows of Vivado's table to hls4ml's names.
SITES = {
    "CLB LUTs": "LUT",
    "Slice LUTs": "LUT",
    "CLB Registers": "FF",
    "Slice Registers": "FF",
    "Block RAM Tile": "BRAM_18K",
    "DSPs": "DSP48E",
}
Row = dict[str, Any]
Told = dict[str, Any]
Outcome = tuple[str, str]


def main() -> int:
    """Read every file of the collection both ways."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "reports"
    if not (folder / "truth.json").is_file():
        print(f"{folder} must hold truth.json and files/", file=sys.stderr)
        return 2
    rows: list[Row] = json.loads((folder / "truth.json").read_text())
    outcomes: dict[str, dict[str, Outcome]] = defaultdict(dict)
    seconds: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        path = folder / "files" / row["file"]
        outcomes["fpga_tf"][row["file"]] = ours(row)
        outcomes["hls4ml, read"][row["file"]], outcomes["hls4ml, read and print"][row["file"]] = theirs(row, path)
        if outcomes["hls4ml, read"][row["file"]][0] in (RIGHT, WRONG, INCOMPLETE):
            with skeleton(row, path) as project:
                seconds["hls4ml"][row["file"]] = median(partial(quiet, vivado_report.parse_vivado_report, project))
        if outcomes["fpga_tf"][row["file"]][0] != UNSUPPORTED:
            seconds["fpga_tf"][row["file"]] = median(partial(try_read, path))
    json.dump(summary(rows, outcomes, seconds), sys.stdout, indent=1)
    print()
    return 0


def ours(row: Row) -> Outcome:
    """This project's outcome, and why."""
    try:
        wrong = check_row(row)
    except Exception as error:  # noqa: BLE001 - whatever a reader does is its outcome
        return CRASHED, repr(error)
    if not wrong:
        return RIGHT, ""
    return (UNSUPPORTED if wrong[0].startswith("refused: ") else WRONG), "; ".join(wrong)


def try_read(path: Path) -> None:
    """Read a file, or refuse it."""
    with contextlib.suppress(FpgaTfError):
        read_report(path)


def theirs(row: Row, path: Path) -> tuple[Outcome, Outcome]:
    """hls4ml's outcomes, of reading and of reading and printing, and why."""
    kind = row["truth"]["kind"]
    if kind not in PLACES or (kind == "timing" and row["truth"]["summary_row"] is None):
        return (UNSUPPORTED, ""), (UNSUPPORTED, "")
    with skeleton(row, path) as project:
        try:
            told, _ = quiet(vivado_report.parse_vivado_report, project)
        except Exception as error:  # noqa: BLE001 - as above
            return (CRASHED, repr(error)), (CRASHED, repr(error))
    read = judge(CHECKS[kind](row["truth"], told))
    # (print_vivado_report itself needs IPython, to ask whether it runs in a notebook)
    try:
        _, printed = quiet(vivado_report._print_str_report, told)
    except Exception as error:  # noqa: BLE001 - as above
        return read, (CRASHED, repr(error))
    return read, read if read[0] != RIGHT else judge(printed_values(row["truth"], printed))


@contextlib.contextmanager
def skeleton(row: Row, path: Path) -> Any:
    """A project as hls4ml makes it, with the report in its place."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        (project / SOLUTION).mkdir(parents=True)
        (project / "project.tcl").write_text(f'set project_name "{TOP}"\nset backend "vitis"\n')
        app = '<project><solutions><solution name="solution1"/></solutions></project>'
        (project / "top_prj" / "hls.app").write_text(app)
        place = project / PLACES[row["truth"]["kind"]]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
        yield str(project)


def quiet(call: Callable[..., Any], argument: object) -> tuple[Any, str]:
    """What a function returns, and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        return call(argument), printed.getvalue()


# What is checked: name to the value that is told (None if it is left out) and the file's.
Checked = dict[str, tuple[object, object]]


def judge(checked: Checked) -> Outcome:
    """Outcome of what was told."""
    wrong = [f"{name}: {told}, not {true}" for name, (told, true) in checked.items() if told not in (None, true)]
    missing = [name for name, (told, _) in checked.items() if told is None]
    if wrong:
        return WRONG, "; ".join(wrong)
    return (INCOMPLETE, f"without {', '.join(missing)}") if missing else (RIGHT, "")


def _csynth(truth: Row, told: Told) -> Checked:
    values = told.get("CSynthesisReport", {})
    stated = {"TargetClockPeriod": truth["clk_target"], "EstimatedClockPeriod": truth["clk_est"]}
    stated |= {"BestLatency": truth["lat"][0], "WorstLatency": truth["lat"][2]}
    stated |= {"IntervalMin": truth["ii"][0], "IntervalMax": truth["ii"][1]}
    stated |= {name.replace("DSP48E", "DSP"): text for name, text in truth["used"].items()}
    stated |= {"Available" + name.replace("DSP48E", "DSP"): text for name, text in truth["avail"].items()}
    return {name: (values.get(name), text) for name, text in stated.items() if text is not None}


def _cosim(truth: Row, told: Told) -> Checked:
    values = told.get("CosimReport", {})
    (row,) = [row for row in truth["rows"] if row[1] != "NA"][-1:] or [["NA"] * 8]
    names = {"RTL": 0, "Status": 1, "LatencyMin": 2, "LatencyMax": 4, "IntervalMin": 5, "IntervalMax": 7}
    return {name: (values.get(name), row[column]) for name, column in names.items()}


def _utilization(truth: Row, told: Told) -> Checked:
    """Of the first row of each site: those that follow are of single regions of the device."""
    values = told.get("VivadoSynthReport", {})
    columns = (truth["cols"] or "").split("|")
    checked: Checked = {}
    for row in truth["rows"]:
        site, *cells = (cell.strip() for cell in row.strip("| ").split("|"))
        name = SITES.get(site.rstrip("*"))
        if name is not None and name not in checked:
            used = Fraction(cells[columns.index("Used")])
            # a tile is two blocks of 18 Kb, which is what the name says
            checked[name] = number(values.get(name)), 2 * used if name == "BRAM_18K" else used
    return checked or {name: (number(values.get(name)), None) for name in SITES.values()}


def _timing(truth: Row, told: Told) -> Checked:
    values, cells = told.get("TimingReport", {}), truth["summary_row"].split()
    names = {"WNS": 0, "TNS": 1, "WHS": 4, "THS": 5, "WPWS": 8, "TPWS": 9}
    return {name: (values.get(name), float(cells[column])) for name, column in names.items()}


CHECKS = {"csynth xml": _csynth, "cosim": _cosim, "vivado util": _utilization, "timing": _timing}


def number(text: str | None) -> object:
    """A number, or the text if it is none."""
    try:
        return None if text is None else Fraction(text)
    except ValueError:
        return text


def printed_values(truth: Row, printed: str) -> Checked:
    """The two latencies that the printed table of C synthesis states."""
    if truth["kind"] != "csynth xml":
        return {}
    checked: Checked = {}
    for title, true in (("Best-case latency", truth["lat"][0]), ("Worst-case latency", truth["lat"][2])):
        found = re.search(rf"{title}: +(\S+)", printed)
        checked[title] = found[1] if found else None, true
    return checked


def median(call: Callable[[], object]) -> float:
    """Processor time of one call."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def summary(rows: list[Row], outcomes: dict[str, dict[str, Outcome]], seconds: dict[str, dict[str, float]]) -> Row:
    """Counts, by reader and by kind of file; what went wrong; and times of the files that both read."""
    kinds = {row["file"]: row["truth"]["kind"].split(":")[0] for row in rows}
    whole = {kind: _counts(outcomes, {file for file in kinds if kinds[file] == kind}) for kind in set(kinds.values())}
    fast, slow = seconds["fpga_tf"], seconds["hls4ml"]
    both = sorted(fast.keys() & slow.keys())
    return {
        "hls4ml": hls4ml.__version__,
        "files": len(rows),
        "outcomes": _counts(outcomes, set(kinds)),
        "kinds": dict(sorted(whole.items())),
        "files_timed": len(both),
        "fpga_tf_median_ms": _ms(fast[file] for file in both),
        "hls4ml_median_ms": _ms(slow[file] for file in both),
        "median_ratio": round(statistics.median(fast[file] / slow[file] for file in both), 2),
        "fpga_tf_median_ms_of_all_files": _ms(fast.values()),
        "fpga_tf_slowest_ms": _ms([max(fast.values())]),
        "reasons": {
            who: {file: f"{kind}: {why}"[:300] for file, (kind, why) in told.items() if why}
            for who, told in outcomes.items()
        },
    }


def _counts(outcomes: dict[str, dict[str, Outcome]], files: set[str]) -> Row:
    return {
        who: dict(Counter(kind for file, (kind, _) in told.items() if file in files)) for who, told in outcomes.items()
    }


def _ms(seconds: Iterable[float]) -> float:
    return round(1000 * statistics.median(seconds), 3)


if __name__ == "__main__":
    sys.exit(main())
