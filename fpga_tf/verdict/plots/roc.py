"""ROC curves: signal kept against background kept, exact where fixed-point scores tie.

A curve goes through every threshold once, so samples of equal score are one straight step, and the area below it is
Mann and Whitney's AUC, as `fpga_tf.verdict.physics` counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.verdict.physics import (
    EFFICIENCIES,
    WorkingPoint,
    auc,
    likeness,
    one_against_rest,
    working_point,
)
from fpga_tf.verdict.plots.style import COLORS, new_figure, plain_math

Shares = NDArray[np.float64]
Scores = NDArray[np.float64]
FLOAT, QUANTISED, FIRMWARE = "float", "quantised", "firmware"
_LINES: dict[str, Any] = {FLOAT: "--", QUANTISED: "-", FIRMWARE: (0, (1, 2.2))}
_FINE = 800  # places that are told apart along an axis; four decades take as many
_WIDTHS = {FLOAT: 1.2, QUANTISED: 1.4, FIRMWARE: 3.2}


@dataclass(frozen=True)
class Evaluated:
    """Scores of one stage, shape (n, classes), and whether they are logits."""

    scores: Scores
    logits: bool


@dataclass(frozen=True)
class Curve:
    """One curve.

    Attributes:
        name: of the class, or of the background.
        stage: `float`, `quantised` or `firmware`.
        kept: share of the signal above each threshold, rising from 0 to 1.
        passed: share of the background above it.
        auc: area under the curve; None if signal or background is absent.
        points: by signal efficiency, where the threshold of a working point lies.
    """

    name: str
    stage: str
    kept: Shares
    passed: Shares
    auc: float | None
    points: Mapping[str, WorkingPoint]


@dataclass(frozen=True)
class Roc:
    """All curves of a run.

    Attributes:
        samples: how many.
        signal: the class that backgrounds are rejected against.
        classes: each class against all others.
        backgrounds: the signal against each other class.
        missing: why there is no curve of a stage.
    """

    samples: int
    signal: str
    classes: tuple[Curve, ...]
    backgrounds: tuple[Curve, ...]
    missing: tuple[str, ...] = ()


def roc(score: Scores, positive: NDArray[np.bool_], negative: NDArray[np.bool_]) -> tuple[Shares, Shares]:
    """Shares of positives and of negatives with at least each score, from none to all.

    Args:
        score: shape (n,).
        positive, negative: shape (n,); neither may be empty.
    """
    values = np.unique(np.concatenate([score[positive], score[negative]]))[::-1]
    shares = [
        np.searchsorted(np.sort(-score[kind]), -values, side="right") / kind.sum() for kind in (positive, negative)
    ]
    kept, passed = (np.concatenate([[0.0], share]) for share in shares)
    return kept, passed


def curves(
    stages: Mapping[str, Evaluated],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    signal: str,
    missing: Sequence[str] = (),
) -> Roc:
    """Curves of all stages.

    Args:
        stages: by name, in the order of drawing.
        labels: shape (n,), index of the true class.
    """
    chosen = classes.index(signal)
    against, rejected = [], []
    for stage, given in stages.items():
        for i, name in enumerate(classes):
            score = one_against_rest(given.scores, i, given.logits)
            against += _curve(name, stage, score, labels == i, labels != i, ())
            if i != chosen:
                score = likeness(given.scores, chosen, i, given.logits)
                rejected += _curve(name, stage, score, labels == chosen, labels == i, EFFICIENCIES)
    return Roc(len(labels), signal, tuple(against), tuple(rejected), tuple(missing))


def _curve(
    name: str,
    stage: str,
    score: Scores,
    positive: NDArray[np.bool_],
    negative: NDArray[np.bool_],
    efficiencies: Sequence[str],
) -> list[Curve]:
    """The curve; none without signal or background."""
    if not positive.any() or not negative.any():
        return []
    either = positive | negative
    area = auc(score[either], positive[either])
    points = {level: working_point(score, positive, negative, level) for level in efficiencies}
    return [Curve(name, stage, *roc(score, positive, negative), area, points)]


def draw_classes(found: Roc) -> Any:
    """Each class against all others, with the areas in the legend."""
    return _draw(found.classes, "efficiency of the class", "share of all others kept", "class")


def draw_backgrounds(found: Roc) -> Any:
    """The signal against each background, with the working points marked."""
    signal = plain_math(found.signal)
    return _draw(found.backgrounds, f"{signal} efficiency", "share of the background kept", "background")


def _draw(drawn: Sequence[Curve], x: str, y: str, kind: str) -> Any:
    figure = new_figure(5.6, 5.0)
    axes = figure.subplots()
    names = list(dict.fromkeys(curve.name for curve in drawn))
    for curve in drawn:
        color = COLORS[names.index(curve.name) % len(COLORS)]
        kept, passed = visible(curve)
        line = {"linestyle": _LINES[curve.stage], "linewidth": _WIDTHS[curve.stage]}
        axes.plot(kept, passed, color=color, **line)
        if curve.stage != FLOAT:
            _mark(axes, curve, color)
    axes.set_yscale("log")
    least = min((float(c.passed[c.passed > 0].min()) for c in drawn), default=0.1)
    axes.set_ylim(least / 2, 1.3)
    axes.set_xlim(0, 1)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    _legends(axes, drawn, names, kind)
    return figure


def visible(curve: Curve) -> tuple[Shares, Shares]:
    """The part of a curve that a logarithm shows, without points that fall on the one before.

    There is no logarithm of zero: the curve begins where the first background passes.
    """
    seen = curve.passed > 0
    kept, passed = curve.kept[seen], curve.passed[seen]
    places = np.stack([np.rint(kept * _FINE), np.rint(np.log10(passed) * _FINE / 4)])
    moved = np.ones(len(kept), dtype=np.bool_)
    moved[1:-1] = (places[:, 1:-1] != places[:, :-2]).any(axis=0)
    return kept[moved], passed[moved]


def _mark(axes: Any, curve: Curve, color: str) -> None:
    """Working points: rings of the model, dots of the firmware within them."""
    for point in curve.points.values():
        if point.efficiency is not None and point.rejection is not None:
            size = {"markersize": 4} if curve.stage == FIRMWARE else {"markersize": 9, "markerfacecolor": "none"}
            axes.plot(point.efficiency, 1 / point.rejection, "o", color=color, markeredgewidth=1.4, **size)


def _legends(axes: Any, drawn: Sequence[Curve], names: Sequence[str], kind: str) -> None:
    """Colours with the areas, above the curves; lines of the stages, below."""
    from matplotlib.lines import Line2D

    stages = list(dict.fromkeys(curve.stage for curve in drawn))
    handles = [
        Line2D([], [], color=COLORS[i % len(COLORS)], linewidth=3, label=f"{plain_math(name)}: {_areas(drawn, name)}")
        for i, name in enumerate(names)
    ]
    first = axes.figure.legend(
        handles=handles, loc="outside upper left", frameon=False, title=f"{kind}: AUC {', '.join(stages)}",
        alignment="left", title_fontsize=10,
    )  # fmt: skip
    first.get_title().set_parse_math(False)
    lines = [
        Line2D([], [], color="black", linestyle=_LINES[stage], linewidth=_WIDTHS[stage], label=stage)
        for stage in stages
    ]
    if any(curve.points for curve in drawn):
        levels = " and ".join(f"{float(level) * 100:g} %" for level in EFFICIENCIES)
        lines.append(Line2D([], [], color="black", marker="o", linestyle="", markerfacecolor="none", label=levels))
    axes.legend(handles=lines, loc="lower right", frameon=False)


def _areas(drawn: Sequence[Curve], name: str) -> str:
    areas = [curve.auc for curve in drawn if curve.name == name]
    return ", ".join("unknown" if area is None else f"{area:.4f}" for area in areas)
