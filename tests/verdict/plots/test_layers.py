"""Numbers of the pictures that have a bar for each layer: times, resources and widths."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

from fpga_tf.fixedpoint import Format
from fpga_tf.process import Channel, Loop, Network, Operation, Process
from fpga_tf.reports.estimate_dataflow import estimate_dataflow
from fpga_tf.reports.types import RESOURCES, Resource, SynthesisReport
from fpga_tf.verdict.plots import bitwidths, resources, waterfall
from fpga_tf.verdict.plots.bitwidths import Widths, by_head, needed
from fpga_tf.verdict.plots.resources import Resources, Usage
from fpga_tf.verdict.plots.waterfall import Span

MISSING = [name for name in ("matplotlib", "mplhep") if importlib.util.find_spec(name) is None]
drawn = pytest.mark.skipif(bool(MISSING), reason="needs the extra plots")


def network() -> Network:
    """Processes in line, of eight rows: the pipeline of the second stands still between rows, so the third waits."""
    multiply = Operation("multiply", 4, (8, 6))
    first = Process("first", "first", "add_rows", (Loop(8, ("in",), ("between",), 3),))
    second = Process("second", "second", "dense_rows", (Loop(8, ("between",), ("held",), 1, (multiply,) * 4),))
    third = Process("third", "third", "add_rows", (Loop(8, ("held",), ("out",), 3),))
    ends = ((None, "first"), ("first", "second"), ("second", "third"), ("third", None))
    names = ("in", "between", "held", "out")
    return Network(
        (first, second, third), tuple(Channel(n, 16, 8, 8, *end) for n, end in zip(names, ends, strict=True))
    )


def test_levels_of_logic_become_cycles() -> None:
    found = waterfall.of_levels({"a": (0.0, 3.0), "b": (2.5, 10.0)}, 20, 5.0, 2000.0)
    assert found is not None
    assert found.spans == (Span("a", 0, 6), Span("b", 5, 20))
    assert (found.cycles, found.total_ns, found.right_ns) == (20, 100.0, 2040.0)
    assert waterfall.of_levels({}, 20, 5.0, None) is None


def test_a_schedule_ends_when_the_estimate_says() -> None:
    found = waterfall.of_network(network(), 5.0, 6.0, None)
    estimate = estimate_dataflow(network(), top="t", part=None, clock_ns=5.0, path="p")
    assert found.cycles == estimate.latency_cycles.max
    assert estimate.latency_cycles.min is not None and found.cycles > estimate.latency_cycles.min
    assert found.total_ns == found.cycles * 6.0
    held = waterfall.of_network(network(), 5.0, 6.0, None, 0.7)
    more = estimate_dataflow(network(), top="t", part=None, clock_ns=5.0, path="p", uncertainty=0.7)
    assert found.cycles < held.cycles == more.latency_cycles.max
    assert [span.name for span in found.spans] == ["first", "second", "third"]
    first, second, third = found.spans
    assert first.start < second.start < third.start < first.end < second.end < third.end == found.cycles


@drawn
def test_bars_of_a_waterfall_are_where_the_cycles_are() -> None:
    found = waterfall.of_levels({"a": (0.0, 3.0), "b": (2.5, 10.0)}, 20, 5.0, 2000.0)
    assert found is not None
    (axes,) = waterfall.draw(found).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 30), (25, 75), (0, 100)]
    assert [list(line.get_xdata()) for line in axes.lines] == [[2000, 2000]]


def test_costs_are_kept_by_kind_the_largest_first() -> None:
    (found,) = resources.of_costs({"a": {"additions": 10.0, "tables": 30.0}, "b": {"tables": 2.0}})
    assert (found.resource, found.kinds, found.total) == ("LUT", ["tables", "additions"], 42)
    assert [row.total for row in found.rows] == [40, 2]
    assert resources.of_costs({}) == []


def module(name: str, **used: int) -> SynthesisReport:
    counts = {resource: Resource(used.get(resource, 0)) for resource in RESOURCES}
    return SynthesisReport(path="p", format="f", stage="estimate", top=name, resources=counts)


def test_modules_have_a_picture_for_each_resource_that_any_uses() -> None:
    found = resources.of_modules([module("a", LUT=5, DSP=1), module("b", LUT=7)])
    assert [(one.resource, [(r.name, r.total) for r in one.rows], one.unused) for one in found] == [
        ("LUT", [("a", 5), ("b", 7)], 0), ("DSP", [("a", 1)], 1)
    ]  # fmt: skip


@drawn
def test_kinds_stand_one_behind_another() -> None:
    (axes,) = resources.draw(Resources("LUT", "s", (Usage("a", {"x": 3.0, "y": 5.0}), Usage("b", {"x": 1.0})))).axes
    bars = [(round(bar.get_x(), 9), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 5), (0, 0), (5, 3), (0, 1)]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([1, 3], Format(False, -2, 4)), ([4, -8], Format(True, -1, 2)), ([-1], Format(True, -4, 4)),
        ([-8, 7], Format(True, -1, 4)), ([0, 0], None), ([16], Format(False, 1, 0)),
    ],
)  # fmt: skip
def test_the_narrowest_format(codes: list[int], expected: Format | None) -> None:
    given = Format(True, 3, 4)
    assert needed(np.asarray(codes) * given.lsb, given) == expected
    if expected is not None:
        back = np.asarray(codes) * given.lsb * 2.0**expected.fraction
        assert (back == np.rint(back)).all()
        assert expected.min_code <= back.min() and back.max() <= expected.max_code


def test_heads_have_widths_of_their_own() -> None:
    given = Format(True, 1, 4)
    kernel = np.zeros((3, 2, 2))
    kernel[:, 0], kernel[:, 1] = 0.0625, -1.5
    rows = by_head("a/query", kernel, 1, given)
    assert [(row.name, row.cells) for row in rows] == [
        ("a/query, head 1", [None, None, 1, None]), ("a/query, head 2", [None, None, 3, None])
    ]  # fmt: skip
    assert by_head("a/query", kernel[:, :1], 1, given) == []


@drawn
def test_bits_are_drawn_about_the_point() -> None:
    rows = [Widths("x", Format(True, 2, 4), 13, Format(True, 0, 4)), Widths("y", Format(False, -1, 4))]
    point, counts = bitwidths.draw(rows).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in point.patches]
    assert bars == [(-2, -1), (-2, 6), (1, 3)]  # the sign left of the value; a value that begins behind the point
    texts: list[Any] = [text.get_text() for text in counts.texts]
    assert texts == ["7", "13", "5", "", "3", "", "", ""]
