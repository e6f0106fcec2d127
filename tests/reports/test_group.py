"""Which reports are of one design: solutions, what lies near them, and folders of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from fpga_tf.reports.combine import combine
from fpga_tf.reports.group import Group
from fpga_tf.reports.group import group as sort_out
from fpga_tf.reports.types import RESOURCES, Clock, Interval, Latency, Resource, Stage, SynthesisReport

from .pace import at_most

ROOT = Path("/designs/net")
SYN, SIM, IMPL = "syn/report", "sim/report", "impl/report/verilog"
_FORMATS: dict[Stage, str] = {"csynth": "csynth_xml", "cosim": "cosim_rpt"}


def made(path: str, stage: Stage = "csynth", lut: int | None = 5, **values: Any) -> SynthesisReport:
    """A report of the design `net` below the root."""
    values.setdefault("top", None if stage == "cosim" else "net")
    values.setdefault("format", _FORMATS.get(stage, "vivado_utilization"))
    counts = {name: Resource(lut if name == "LUT" and stage != "cosim" else None) for name in RESOURCES}
    return SynthesisReport(str(ROOT / path), stage=stage, resources=counts, **values)


def group(reports: Sequence[SynthesisReport], top: str | None = None) -> list[Group]:
    """The designs, where all can be told."""
    groups, errors = sort_out(reports, top)
    assert errors == []
    return groups


def cycles(count: int) -> dict[str, Any]:
    return {"latency_cycles": Latency(count, count, count), "interval_cycles": Interval(1, 1)}


def sorted_out(*reports: SynthesisReport, top: str | None = None) -> list[tuple[str, list[str]]]:
    """Folders and files of each group; the order of the reports must not matter."""
    found = group(reports, top)
    assert shown(found) == shown(group(reports[::-1], top))
    assert sorted(path for _, files in shown(found) for path in files) == sorted(
        below(report.path) for report in reports if not any(report.path in note for one in found for note in one.notes)
    )
    return shown(found)


def shown(groups: Sequence[Group]) -> list[tuple[str, list[str]]]:
    return [(below(one.folder), [below(report.path) for report in one.reports]) for one in groups]


def below(path: Path | str) -> str:
    return Path(path).relative_to(ROOT).as_posix()


def test_all_that_a_tool_wrote_for_a_solution_is_one_design() -> None:
    found = sorted_out(
        made(f"a/{SYN}/csynth.xml"),
        made(f"a/{SYN}/net_csynth.rpt", format="csynth_rpt"),
        made(f"a/{SIM}/net_cosim.rpt", "cosim"),
        made(f"a/{SIM}/verilog/lat.rpt", "cosim", format="cosim_latency"),
        made(f"a/{IMPL}/export_syn.xml", "synth", lut=3, format="export_xml"),
        made(f"b/hls/{SYN}/csynth.xml"),
        made("v/net.runs/impl_1/net_timing.rpt", "route"),
    )
    assert found == [
        (
            "a",
            [
                f"a/{SYN}/csynth.xml",
                f"a/{SYN}/net_csynth.rpt",
                f"a/{SIM}/net_cosim.rpt",
                f"a/{SIM}/verilog/lat.rpt",
                f"a/{IMPL}/export_syn.xml",
            ],
        ),
        ("b", [f"b/hls/{SYN}/csynth.xml"]),
        ("v", ["v/net.runs/impl_1/net_timing.rpt"]),
    ]


def test_what_a_solution_keeps_of_another_design_is_left_out_and_said() -> None:
    (one,) = group(
        [
            made(f"a/{SYN}/csynth.xml", part="xcku5p", clock_ns=Clock(4.0)),
            made(f"a/{IMPL}/old.rpt", "route", part="xcku3p"),
            made(f"a/{IMPL}/slow.rpt", "route", clock_ns=Clock(8.0)),
            made(f"a/{IMPL}/board.rpt", "route", top="design_1_wrapper"),
            made(f"a/{IMPL}/core.rpt", "route", top="bd_0_wrapper"),
        ],
    )
    assert [below(report.path) for report in one.reports] == [f"a/{SYN}/csynth.xml", f"a/{IMPL}/core.rpt"]
    assert one.notes == [
        f"{ROOT}/a/{IMPL}/board.rpt: not taken, as it has top design_1_wrapper, not net",
        f"{ROOT}/a/{IMPL}/old.rpt: not taken, as it has part xcku3p, not xcku5p",
        f"{ROOT}/a/{IMPL}/slow.rpt: not taken, as it has a clock target of 8.0 ns, not 4.0 ns",
    ]


def test_reports_of_a_solution_must_not_conflict_where_the_main_one_is_silent() -> None:
    (one,) = group(
        [
            made(f"a/{SYN}/csynth.xml"),
            made(f"a/{IMPL}/a.rpt", "route", part="xcku5p"),
            made(f"a/{IMPL}/b.rpt", "synth", part="xcku3p"),
        ],
    )
    assert [below(report.path) for report in one.reports] == [f"a/{SYN}/csynth.xml", f"a/{IMPL}/a.rpt"]
    assert one.notes == [f"{ROOT}/a/{IMPL}/b.rpt: not taken, as it has part xcku3p, not xcku5p"]


def test_a_simulation_of_another_top_is_left_out_with_what_lies_below_it() -> None:
    (one,) = group(
        [
            made(f"a/{SYN}/csynth.xml"),
            made(f"a/{SIM}/old_cosim.rpt", "cosim", **cycles(9)),
            made(f"a/{SIM}/verilog/lat.rpt", "cosim", format="cosim_latency", **cycles(9)),
        ],
    )
    assert [report.stage for report in one.reports] == ["csynth"]
    assert one.notes == [
        f"{ROOT}/a/{SIM}/old_cosim.rpt: not taken, as it has the name of old, not of net",
        f"{ROOT}/a/{SIM}/verilog/lat.rpt: not taken, as it is of the same run",
    ]
    (one,) = group(
        [
            made(f"a/{SYN}/csynth.xml"),
            made(f"a/{SIM}/old_cosim.rpt", "cosim", **cycles(9)),
            made(f"a/{SIM}/net_cosim.rpt", "cosim", **cycles(7)),
            made(f"a/{SIM}/verilog/lat.rpt", "cosim", format="cosim_latency", **cycles(7)),
        ],
    )
    assert [report.latency_cycles.max for report in one.reports] == [None, 7, 7]


def test_reports_of_modules_are_left_out_and_counted() -> None:
    modules = [made(f"a/{SYN}/m{index}_csynth.xml", top=f"m{index}") for index in range(3)]
    (one,) = group([*modules, made(f"a/{SYN}/csynth.xml")])
    assert (one.base.top, len(one.reports)) == ("net", 1)
    assert one.notes == ["3 reports of modules are left out: which holds which is not told"]
    (one,) = group([*modules, made(f"a/{SYN}/net_csynth.xml")], "net")
    assert one.base.top == "net"
    loose, other = made("synth.rpt", "synth", top=None), made(f"b/{SYN}/csynth.xml")
    groups, (error,) = sort_out([*modules, made(f"a/{SYN}/net_csynth.xml"), loose, other])
    assert error.what.startswith("the top function must be named")
    assert f"{ROOT}/a/{SYN}/m0_csynth.xml: top m0" in (error.where or "")
    assert shown(groups) == [("b", [f"b/{SYN}/csynth.xml"]), (".", ["synth.rpt"])], "it may be of the unclear one"


def test_the_top_is_the_one_that_is_no_module_of_another() -> None:
    inner = (made("x", top="m0"), made("y", top="m1"))
    modules = [made(f"a/{SYN}/{name}_csynth.rpt", top=name) for name in ("m0", "m1")]
    (one,) = group([*modules, made(f"a/{SYN}/net_csynth.rpt", modules=inner)])
    assert one.base.top == "net"


def test_without_c_synthesis_the_report_that_states_most_names_the_design() -> None:
    (one,) = group(
        [
            made(f"a/{IMPL}/a.rpt", "route", lut=None, top=None),
            made(f"a/{IMPL}/b.rpt", "route", part="xcku5p", top="net"),
            made(f"a/{IMPL}/c.rpt", "synth", lut=None, top="bd_0_wrapper"),
        ],
    )
    assert (one.base.top, len(one.reports)) == ("net", 3)


def test_a_folder_of_implementations_is_named_by_the_one_that_states_most() -> None:
    (one,) = group([made("d/a.rpt", "route", top=None), made("d/b.rpt", "synth", lut=4, part="xcku5p")])
    assert (one.base.top, below(one.base.path), len(one.reports)) == ("net", "d/b.rpt", 2)


def test_loose_reports_belong_to_the_one_solution_near_them() -> None:
    own, cosim = made(f"p/net_prj/a/{SYN}/csynth.xml"), made("p/docs/net_cosim.rpt", "cosim")
    synth, far = made("p/vivado_synth.rpt", "synth", lut=3), made("summary/net_power.rpt", "route", lut=None)
    expected = [below(one.path) for one in (own, synth, cosim, far)]
    assert sorted_out(own, cosim, synth, far) == [("p/net_prj/a", expected)]


def test_loose_reports_near_two_solutions_belong_to_the_only_one_that_fits_or_to_none() -> None:
    one = made(f"p/one/{SYN}/csynth.xml", clock_ns=Clock(4.0))
    two = made(f"p/two/{SYN}/csynth.xml", clock_ns=Clock(8.0))
    fits = made("p/a/timing.rpt", "route", lut=None, clock_ns=Clock(8.0, achieved=7.0))
    both = made("p/b/power.rpt", "route", lut=None, part="xcku5p")
    neither = made("p/c/timing.rpt", "route", lut=None, clock_ns=Clock(2.0))
    assert sorted_out(one, two, fits, both, neither) == [
        ("p/one", [f"p/one/{SYN}/csynth.xml"]),
        ("p/two", [f"p/two/{SYN}/csynth.xml", "p/a/timing.rpt"]),
        ("p/b", ["p/b/power.rpt"]),
        ("p/c", ["p/c/timing.rpt"]),
    ]


def test_the_nearest_solution_counts() -> None:
    one, two = made(f"p/one/{SYN}/csynth.xml"), made(f"q/two/{SYN}/csynth.xml")
    synth = made("q/vivado_synth.rpt", "synth", lut=3)
    assert sorted_out(one, two, synth)[1] == ("q/two", [f"q/two/{SYN}/csynth.xml", "q/vivado_synth.rpt"])


def test_a_copy_that_differs_is_shown_beside_the_tools_own() -> None:
    own, copy = made(f"p/a/{SYN}/csynth.xml"), made("p/docs/csynth.xml", lut=6)
    assert sorted_out(own, copy) == [("p/a", [f"p/a/{SYN}/csynth.xml", "p/docs/csynth.xml"])]


def test_reports_of_another_run_give_a_solution_no_value_of_a_stage_that_it_lacks() -> None:
    own, copy = made(f"p/a/{SYN}/csynth.xml"), made("p/model_b/csynth.xml", lut=6)
    synth = made("p/model_b/vivado_synth.rpt", "synth", lut=4)
    assert sorted_out(own, copy, synth) == [
        ("p/a", [f"p/a/{SYN}/csynth.xml"]),
        ("p/model_b", ["p/model_b/csynth.xml", "p/model_b/vivado_synth.rpt"]),
    ]
    same = replace(copy, resources=own.resources)
    assert len(sorted_out(own, same, synth)) == 1


def test_reports_of_a_folder_belong_together_as_long_as_they_agree() -> None:
    csynth = made("d/net_csynth.rpt", format="csynth_rpt", part="xcku5p", **cycles(9))
    summary = made("d/csynth.rpt", format="csynth_summary", lut=7, **cycles(9))
    cosim, synth = made("d/net_cosim.rpt", "cosim", **cycles(11)), made("d/synth.rpt", "synth", lut=2, top=None)
    together = [("d", ["d/csynth.rpt", "d/net_csynth.rpt", "d/net_cosim.rpt", "d/synth.rpt"])]
    assert sorted_out(csynth, summary, cosim, synth) == together, "counts of two formats of one run differ a little"
    for change in (cycles(10), {"part": "xcku3p"}, {"top": "other"}, {"clock_ns": Clock(estimated=3.0)}):
        first = replace(csynth, clock_ns=Clock(estimated=4.0))
        assert len(sorted_out(first, replace(summary, **change))) == 2, change
    again = made("d/again_csynth.rpt", format="csynth_rpt", lut=7, **cycles(9))
    assert [files for _, files in sorted_out(csynth, again, cosim)] == [
        ["d/again_csynth.rpt"],
        ["d/net_cosim.rpt"],
        ["d/net_csynth.rpt"],
    ], "which of the two was simulated is not known"


def test_counts_of_an_implementation_that_differ_are_of_two_designs() -> None:
    board = made("d/full_util_routed.rpt", "route", lut=90, top="shell_wrapper")
    kernel = made("d/kernel_util_routed.rpt", "route", lut=9, top="shell_wrapper", format="vivado_accelerator")
    core = made("d/net_csynth.rpt", format="csynth_rpt")
    assert [files for _, files in sorted_out(board, kernel, core)] == [
        ["d/full_util_routed.rpt"],
        ["d/kernel_util_routed.rpt"],
        ["d/net_csynth.rpt"],
    ]


def test_what_hls_puts_around_its_core_joins_the_core_in_its_folder_only() -> None:
    core = made("d/csynth.rpt", format="csynth_rpt")
    inside, outside = made("d/synth.rpt", "synth", top="bd_0_wrapper"), made("e/synth.rpt", "synth", top="bd_0_wrapper")
    assert sorted_out(core, inside, outside) == [("d", ["d/csynth.rpt", "d/synth.rpt"]), ("e", ["e/synth.rpt"])]


def test_a_simulation_is_told_by_its_name_even_if_somebody_gave_it() -> None:
    run, other = made("d/run7_csynth.rpt", format="csynth_rpt"), made("d/else_csynth.rpt", top="else", **cycles(3))
    reports = [run, other, made("d/run7_cosim.rpt", "cosim"), made("d/else_cosim.rpt", "cosim")]
    assert [files for _, files in sorted_out(*reports)] == [
        ["d/else_csynth.rpt", "d/else_cosim.rpt"],
        ["d/run7_csynth.rpt", "d/run7_cosim.rpt"],
    ]
    assert len(sorted_out(run, made("d/third_cosim.rpt", "cosim"))) == 2
    assert len(sorted_out(run, made("d/net_cosim.rpt", "cosim"))) == 1
    assert len(sorted_out(run, made("d/lat.rpt", "cosim"))) == 1


FOLDERS = ("d", "d/e", "f", f"a/{SYN}", f"a/{SIM}", f"a/{IMPL}", f"b/{SYN}", f"b/{IMPL}", "a/docs")
STAGES: tuple[Stage, ...] = ("csynth", "csynth", "estimate", "cosim", "synth", "place", "route")
REPORTS = st.builds(
    lambda folder, name, stage, top, part, target, lut, form: made(
        f"{folder}/{name}", stage, lut, top=top, part=part, clock_ns=Clock(target), format=form
    ),
    st.sampled_from(FOLDERS),
    st.sampled_from(("csynth.xml", "net_csynth.xml", "net_cosim.rpt", "old_cosim.rpt", "lat.rpt", "x.rpt", "y.rpt")),
    st.sampled_from(STAGES),
    st.sampled_from((None, None, "net", "net", "bd_0_wrapper", "other")),
    st.sampled_from((None, "xcku5p", "xcku5p-ffvb676-2-e", "xcku3p")),
    st.sampled_from((None, 4.0, 4.0, 8.0)),
    st.sampled_from((None, 1, 2)),
    st.sampled_from(("csynth_xml", "csynth_rpt", "cosim_rpt", "vivado_utilization")),
)


@given(st.lists(REPORTS, max_size=8, unique_by=lambda report: report.path))
def test_what_is_sorted_together_can_be_combined_and_nothing_is_lost(reports: list[SynthesisReport]) -> None:
    groups, errors = sort_out(reports, "net")
    assume(not errors)
    grouped = [report.path for one in groups for report in one.reports]
    noted = [report.path for report in reports if any(report.path in note for one in groups for note in one.notes)]
    modules = sum(int(note.partition(" ")[0]) for one in groups for note in one.notes if "reports of modules" in note)
    assert sorted(set(grouped) | set(noted)) == sorted([*grouped, *noted])
    assert len(grouped) + len(noted) + modules == len(reports)
    for one in groups:
        combine("net", one.reports, one.notes, base=one.base)


def test_many_reports_of_a_folder_take_no_long_time() -> None:
    reports = [made(f"d/{index}.xml", lut=index, **cycles(index)) for index in range(600)]
    with at_most(1000):
        assert len(group(reports)) == 600
