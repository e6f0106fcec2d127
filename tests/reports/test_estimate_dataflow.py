"""The estimate of dataflow designs: small networks by hand, facts of real reports, and the published transformers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from fpga_tf.process import Channel, Loop, Network, Operation, Process
from fpga_tf.reports import estimate_dataflow as told
from fpga_tf.reports import published_dataflow
from fpga_tf.reports.dataflow_costs import (
    ADD_NS,
    COMPARE_NS,
    MULTIPLY_NS,
    Area,
    area,
    counted,
    cycles,
    fifo,
    loop_cycles,
    tiles,
)
from fpga_tf.reports.dataflow_fit import Fit, fit, ratios
from fpga_tf.reports.estimate_dataflow import ERRORS, TURN, estimate_dataflow, resources
from fpga_tf.reports.published_dataflow import DEVICE, ROWS, SHARES, fit_turn, interval, latency, left_out, offs
from fpga_tf.reports.published_networks import ARCHITECTURES, B_TAG, ENGINE, GW, Architecture, bank, network
from fpga_tf.reports.read import read_report
from fpga_tf.reports.types import Clock, Interval, Latency
from fpga_tf.schedule import Deadlock, check_depths, holds_whole_samples, simulate, smallest_depths

PART = "xcvu13p-flga2577-2-e"
SHARED = Path(__file__).parents[3] / "shared" / "reports" / "files"
PATH = (
    Operation("multiply", 16, (16, 8), 2, constant=True),
    Operation("sum", 4, (24,), 5),
    Operation("round", 4, (16,)),
)
DENSE = Network(
    (Process("dense", "dense", "dense_rows", (Loop(4, ("in",), ("out",), 2, PATH),), 0, 8 * 4 * 8, 16),),
    (Channel("in", 128, 4, 2, None, "dense"), Channel("out", 64, 4, 2, "dense", None)),
)


def stale(found: Fit) -> list[str]:
    """What is declared otherwise than a fit finds it: factors to 5 digits, errors to the percent above."""
    pairs = [
        ("turn", told.TURN, found.turn), ("DSP", told.DSP_RATIO, found.dsp), ("LUT", told.LUT_RATIO, found.lut),
        ("FF", told.FF_RATIO, found.ff), ("clock", told.CLOCK_RATIO, found.clock),
    ]  # fmt: skip
    errors = [
        ("interval error", told.INTERVAL_ERROR, found.interval_error),
        ("latency error", told.LATENCY_ERROR, found.latency_error), ("DSP error", told.DSP_ERROR, found.dsp_error),
        ("LUT error", told.LUT_ERROR, found.lut_error), ("FF error", told.FF_ERROR, found.ff_error),
        ("clock error", told.CLOCK_ERROR, found.clock_error),
    ]  # fmt: skip
    wrong = [name for name, declared, refit in pairs if abs(declared - refit) > 0.5e-5]
    return wrong + [name for name, declared, refit in errors if not 0 <= round(declared - refit, 9) < 0.01]


def test_what_is_declared_is_what_the_fit_and_its_cross_validation_find() -> None:
    assert stale(fit()) == []


def test_a_design_that_is_changed_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = (*(replace(row, interval=2 * row.interval, clock_ns=9.9) for row in ROWS[:2]), *ROWS[2:])
    monkeypatch.setattr("fpga_tf.reports.dataflow_fit.ROWS", changed)
    monkeypatch.setattr(published_dataflow, "ROWS", changed)
    shares = tuple(replace(share, low=90, high=90) if share.model is ENGINE else share for share in SHARES)
    monkeypatch.setattr("fpga_tf.reports.dataflow_fit.SHARES", shares)
    assert {"interval error", "clock", "LUT", "LUT error", "FF", "FF error"} <= {*stale(fit())}


def test_a_dense_layer_by_hand() -> None:
    found = estimate_dataflow(DENSE, top="top", part=PART, clock_ns=5.0, path="project")
    # of 4.375 ns: read 1, second step 1, weights and product 2, tree of 5 in 3 levels 1, rounding 1
    assert [cycles(op, 5.0) for op in PATH] == [2, 1, 1]
    assert loop_cycles(DENSE.processes[0].loops[0], 5.0) == 6
    # rows are read in 1 3 5 7; the last is written in 13, and 2 cycles later the next sample starts
    assert found.latency_cycles == Latency(13, None, 13)
    assert found.interval_cycles == Interval(14, 14)
    # inputs of the multipliers change 256, adders 16 * 24, rounding 128, weights 128; registers behind each 384 96 64,
    # two rows in each FIFO 384
    assert counted(DENSE.processes, DENSE.channels) == Area(dsp=16, lut=256 + 384 + 128 + 128, ff=384 + 96 + 64 + 384)
    used = {name: one.used for name, one in found.resources.items()}
    assert used == {"LUT": 1217, "FF": 987, "DSP": 12, "BRAM_18K": 0, "URAM": 0}
    assert found.clock_ns == Clock(5.0, estimated=6.048, uncertainty=0.625)
    assert (found.stage, found.format, found.top, found.part, found.pipeline) == (
        *("estimate", "estimate", "top", PART, "dataflow"),
    )
    assert found.errors == ERRORS
    assert [(one.top, one.kind, one.interval_cycles.max) for one in found.modules] == [("dense", "module", 14)]
    assert found.notes[2] == "dense takes 14 cycles for a sample, more than any other"
    assert len(found.notes) == 3


def test_another_family_has_no_clock_and_says_so() -> None:
    found = estimate_dataflow(DENSE, top="top", part="xc7z020clg400-1", clock_ns=5.0, path="project")
    assert found.clock_ns.estimated is None
    assert "clock_ns.estimated" not in found.errors
    assert "the clock period is unknown" in found.notes[-1]


def test_luts_are_unknown_where_products_need_more_dsps_than_there_are() -> None:
    """Published designs of that kind took up to 280 % of a device for 49 % believed."""
    fits, lacks = (
        estimate_dataflow(DENSE, top="top", part=PART, clock_ns=5.0, path="project", dsps=dsps) for dsps in (16, 15)
    )
    assert fits == estimate_dataflow(DENSE, top="top", part=PART, clock_ns=5.0, path="project")
    assert (lacks.resources["LUT"].used, lacks.resources["DSP"].used) == (None, 12)
    assert {*fits.errors} - {*lacks.errors} == {"resources.LUT.used"}
    assert lacks.notes[-1] == (
        "16 DSPs are derived, the part has 15: the products beyond are made of LUTs, so LUT is unknown"
    )


def test_a_network_that_deadlocks_has_no_estimate() -> None:
    design = network(B_TAG, 1)
    # 15 queries come with 15 keys: 2 may wait before the projection and 1 in it, so that 12 must find room behind it
    check_depths(_queries(design, 12))
    with pytest.raises(Deadlock) as caught:
        estimate_dataflow(_queries(design, 11), top="top", part=PART, clock_ns=5.0, path="project")
    assert caught.value.blocked["block0/scores"] == "waits to read block0/key (empty)"
    assert "block0/query" in caught.value.full


def _queries(design: Network, depth: int) -> Network:
    """With so many places for the queries of the first attention."""
    channels = [replace(c, depth=depth) if c.name == "block0/query" else c for c in design.channels]
    return replace(design, channels=tuple(channels))


@pytest.mark.skipif(not SHARED.exists(), reason="no reports here")
def test_delays_are_those_of_reports() -> None:
    """Modules of a network in one cycle of 25 ns: dense layers 24 to 12 and 12 to 1, scale and shift, relu."""
    reports = [read_report(path) for path in SHARED.rglob("2022.2-2023.1__Alezander9-*/**/csynth.xml")]
    (whole,) = (report for report in reports if report.clock_ns.target == 25.0)
    period = {
        f"{(one.top or '').split('_')[0]} {(one.top or '').split('_')[-2]}": one.clock_ns.estimated or 0.0
        for one in whole.modules
    }
    found = [period[name] for name in ("dense config6", "dense config10", "normalize config4", "relu config5")]
    assert found == [5.395, 4.631, 2.784, 1.088]
    assert found[0] - found[1] == pytest.approx(ADD_NS)
    assert found[2] - ADD_NS == pytest.approx(MULTIPLY_NS)
    assert found[3] == COMPARE_NS


@pytest.mark.skipif(not SHARED.exists(), reason="no reports here")
def test_wide_products_of_reports() -> None:
    """Two rows of 8 values times 8 columns of 2, in 35 bits: 32 products and sums of 8, in 2 cycles at 5 ns."""
    (path,) = (SHARED / "2019.2__Fiwo735-Transformer_Neural_Network_HLS").rglob("10_*/matmul*2ul_8ul_8ul_2ul*.rpt")
    report = read_report(path)
    product = Operation("multiply", 32, (35, 35))
    assert report.resources["DSP"].used == area(product).dsp == 128
    loop = Loop(1, (), ("out",), 1, (product, Operation("sum", 4, (35,), 8)))
    assert report.latency_cycles.max is not None
    assert abs(loop_cycles(loop, 5.0, 0.125) - 1 - report.latency_cycles.max) <= 1


def hls4ml_dense(n_in: int, n_out: int, reuse: int, bits: int = 16) -> Loop:
    """hls4ml's dense layer, strategy Resource, as a loop: it reads no FIFO."""
    count = math.ceil(n_in * n_out / reuse)
    return Loop(
        *(1, (), ("out",), reuse),
        (
            Operation("multiply", count, (16, bits), reuse, constant=reuse > 1),
            Operation("sum", n_out, (24,), 2),
            Operation("round", n_out, (16,)),
        ),
    )


@pytest.mark.parametrize(("n_in", "n_out", "reuse"), [(16, 64, 4), (64, 32, 16), (32, 32, 32), (10, 5, 25)])
def test_dense_layers_of_reports(n_in: int, n_out: int, reuse: int) -> None:
    """906 reports: interval R; latency R + 2 in 830; DSP = ceil(n m / R) from 8 bits on, none up to 4 bits."""
    loop = hls4ml_dense(n_in, n_out, reuse)
    assert loop.interval == reuse
    # a report counts the cycles between the first state and the last
    assert loop_cycles(loop, 5.0, 0.125) - 1 == reuse + 2
    for bits, expected in ((8, math.ceil(n_in * n_out / reuse)), (12, math.ceil(n_in * n_out / reuse)), (4, 0)):
        assert area(hls4ml_dense(n_in, n_out, reuse, bits).path[0]).dsp == expected


def softmax(n: int) -> tuple[Operation, ...]:
    """hls4ml's stable softmax."""
    return (
        Operation("maximum", 1, (16,), n),
        Operation("table", n, (18,), 1024),
        Operation("sum", 1, (18,), n),
        Operation("table", 1, (18,), 1024),
        Operation("multiply", n, (18, 18)),
    )


@pytest.mark.parametrize("n", [2, 3, 5, 6, 10, 16])
def test_softmax_of_reports(n: int) -> None:
    """DSP = n; block RAMs 4 and 8 for n = 5, and 16 for n = 16; latency 4 for n = 5 on UltraScale+ at 5 ns."""
    total = Area()
    for op in softmax(n):
        total += area(op)
    assert total.dsp == n
    found = {5: (4, 8), 16: (16,)}.get(n, ())
    assert all(abs(blocks / total.bram - 1) <= told.BRAM_ERROR for blocks in found)
    if n == 5:
        assert loop_cycles(Loop(1, (), ("out",), 1, softmax(n)), 5.0, 0.125) - 1 == 4


def test_wide_products_take_several_dsps() -> None:
    """35 by 35 bits take 4, as 32 products of a published design take 128."""
    widths = [(35, 35), (27, 18), (28, 18), (27, 19), (18, 27), (18, 18), (10, 10), (9, 11), (16, 6)]
    assert [tiles(Operation("multiply", 1, bits)) for bits in widths] == [4, 1, 2, 2, 1, 1, 1, 0, 0]
    assert area(Operation("multiply", 3, (9, 8))) == Area(lut=3 * 36, ff=3 * 17)


def test_cycles_follow_the_clock() -> None:
    tree = Operation("sum", 1, (16,), 100)  # 7 levels of 0.764 ns: 5.348 ns
    assert [cycles(tree, clock, 0.0) for clock in (6.0, 5.3, 2.0, 1.0)] == [1, 2, 3, 6]
    assert cycles(Operation("sum", 1, (16,), 1), 5.0) == 0
    assert cycles(Operation("multiply", 1, (35, 35)), 3.0, 0.0) == 2  # 2.02 and two levels of 0.764 ns
    assert cycles(Operation("shift", 1, (16,), 16), 1.0, 0.0) == 2  # two levels of four


def test_fifos() -> None:
    assert fifo(Channel("c", 10, 50, 2, None, None)) == Area(ff=20)
    assert fifo(Channel("c", 10, 50, 32, None, None)) == Area(lut=10, ff=10)
    assert fifo(Channel("c", 10, 50, 50, None, None)) == Area(lut=20, ff=10)


def test_the_rows_are_those_that_were_published() -> None:
    assert len(ROWS) == 12
    assert sum(row.interval for row in ROWS) == 2315
    assert sum(row.latency for row in ROWS) == 7840
    first = {row.name: (row.interval, row.latency) for row in ROWS}
    assert first["engine PTQ = QAT R=1"] == (119, 257)
    assert first["b-tag QAT R=4"] == (99, 767)
    assert first["gravitational waves PTQ R=2"] == (412, 1035)
    # microseconds as published: of these rows cycles times clock are the same
    times = {"b-tag PTQ R=1": 2.077, "b-tag PTQ R=2": 3.467, "b-tag PTQ R=4": 5.853, "engine PTQ = QAT R=1": 1.908}
    for row in ROWS:
        if row.name in times:
            assert row.latency * row.clock_ns / 1000 == pytest.approx(times[row.name], abs=2e-3)


def test_published_cycles_lie_within_the_declared_error() -> None:
    assert fit_turn(ROWS) == TURN == 2
    assert max(map(abs, offs(ROWS, interval, TURN))) == pytest.approx(0.125)
    assert max(map(abs, offs(ROWS, latency, TURN))) <= told.LATENCY_ERROR
    assert left_out(interval) <= told.INTERVAL_ERROR
    # engine at R = 1: 49 keys and 49 queries more than the first of each, a cycle each; 1 cycle for a key; for a row 13
    # (read, product, tree, rounding, factor, index, table, tree of 50 in two, index, table, product); two loops of 2
    assert interval(ROWS[0], TURN) == 49 + 49 + 1 + 12 + 4


def test_three_blocks_of_engine_are_slower_than_what_was_published() -> None:
    row = replace(ROWS[0], blocks=3)
    assert latency(row, TURN) == 3 * latency(ROWS[0], TURN) > 2 * row.latency


def test_what_is_read_off_the_numbers_is_no_small_thing() -> None:
    """As the page of the estimate tells it: without its pass, and with keys at R cycles."""
    waves = [replace(row, passes=0) for row in ROWS if row.model is GW]
    assert max(offs(waves, latency, TURN)) == pytest.approx(0.29, abs=0.005)
    keys = {row.name: 2 * (row.model.rows - 1) for row in ROWS if row.reuse == 4}
    slower = [row.interval / (interval(row, TURN) + keys[row.name]) - 1 for row in ROWS if row.reuse == 4]
    assert [round(off, 2) for off in sorted(slower)] == [-0.24, -0.23, -0.22, -0.22]


@pytest.mark.parametrize("model", ARCHITECTURES, ids=lambda model: model.name)
def test_published_shares_overlap_the_estimate(model: Architecture) -> None:
    """Of designs whose products the device has DSPs for."""
    outside = []
    for share in SHARES:
        for reuse in share.reuse if share.model is model else ():
            design = network(model, reuse)
            counts = counted(design.processes, design.channels)
            used = (resources(counts)[share.resource].used or 0) / DEVICE[share.resource]
            error = ERRORS[f"resources.{share.resource}.used"]
            overlaps = used * (1 - error) <= share.high / 100 and share.low / 100 <= used * (1 + error)
            if counts.dsp <= DEVICE["DSP"] and not overlaps:
                outside.append((share.resource, reuse))
    assert outside == []
    assert len(ratios("DSP")) == 6, "the others need more DSPs than there are"


def test_the_page_of_benchmarks_shows_these_numbers() -> None:
    page = (Path(__file__).parents[2] / "docs" / "dataflow_estimate.md").read_text("utf-8")
    names = {row.name: row for row in ROWS}
    shown = [line.strip("| ").split(" | ") for line in page.splitlines()]
    shown = [cells for cells in shown if cells[0] in names]
    assert len(shown) == 12
    for name, *cells in shown:
        row = names[name]
        modelled = interval(row, TURN), latency(row, TURN)
        expected = []
        for published, found in zip((row.interval, row.latency), modelled, strict=True):
            expected += [str(published), str(found), f"{(published / found - 1) * 100:+.1f} %"]
        assert cells[:6] == expected
        ours = [simulate(network(row.model, row.reuse, ahead=ahead), _at_5_ns, turn=TURN) for ahead in (False, True)]
        assert cells[6:] == [str(ours[0].interval[1]), str(ours[1].interval[1]), str(ours[1].latency)]


def _at_5_ns(loop: Loop) -> int:
    return loop_cycles(loop, 5.0)


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("model", ARCHITECTURES, ids=lambda model: model.name)
def test_our_shape_never_deadlocks(model: Architecture, in_turn: bool) -> None:
    design = network(model, 2, in_turn=in_turn)
    assert holds_whole_samples(design)
    check_depths(design)
    names = {"block0/scores", "block0/context"}
    held = {process.name: process.stored_bits for process in design.processes if process.name in names}
    assert held == dict.fromkeys(names, model.rows * model.heads * model.dim * model.bits)


def test_fifos_that_let_samples_go_ahead_reach_the_interval_of_the_slowest_process() -> None:
    for model, reuse in ((ENGINE, 4), (B_TAG, 2), (GW, 1)):
        base, ahead = (simulate(network(model, reuse, ahead=one), _at_5_ns, turn=TURN) for one in (False, True))
        assert ahead.interval == (ahead.limit_cycles,) * 2
        assert base.interval[0] > base.limit_cycles == ahead.limit_cycles
        assert base.latency == ahead.latency


def test_heads_in_turn_share_multipliers_and_take_longer() -> None:
    side, turn = (network(B_TAG, 1, in_turn=one) for one in (False, True))
    counts = [counted(one.processes, one.channels).dsp for one in (side, turn)]
    # a block: scores 15 * 32 and context as many for one head, not two, and a softmax of 15
    assert counts[0] - counts[1] == 3 * (480 + 480 + 15)
    assert simulate(turn, _at_5_ns).interval[0] > simulate(side, _at_5_ns).interval[0]


def test_a_small_attention_has_smallest_depths_that_pass() -> None:
    tiny = Architecture("tiny", 4, 2, 2, 1, 1, 2, 2, False, False, (2,), 8, 8, 12)
    small = smallest_depths(_attention(network(tiny, 1)))
    depths = {channel.name: channel.depth for channel in small.channels}
    # a query comes with each of the 4 keys: one waits before the projection, one is in it, two behind it
    assert (depths["input/0"], depths["block0/query"]) == (1, 2)
    assert (depths["input/1"], depths["block0/key"]) == (1, 1)
    check_depths(small)


def _attention(design: Network) -> Network:
    """Fork, query and key projections and scores alone; what leads elsewhere leaves the design."""
    names = {"input/fork", "block0/query", "block0/key", "block0/scores"}
    processes = tuple(process for process in design.processes if process.name in names)
    used = {name for process in processes for loop in process.loops for name in (*loop.reads, *loop.writes)}
    channels = tuple(
        replace(c, target=c.target if c.target in names else None) for c in design.channels if c.name in used
    )
    return replace(design, processes=processes, channels=channels)


def test_banks() -> None:
    """Inputs a step, steps, multipliers."""
    assert bank(6, 32, 1) == (6, 1, 192)
    assert bank(6, 32, 4) == (2, 3, 64)
    assert bank(1, 16, 4) == (1, 4, 4)
    assert bank(4, 2, 100) == (1, 8, 1)
