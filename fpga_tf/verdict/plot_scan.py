"""Draws a scan of bit widths: AUC by the reference's, and AUC with the reference's decision as the truth, against
fraction bits, as the papers of the field show it.

Needs the extra `plots`; nothing else does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fpga_tf.verdict.plots.style import COLORS, new_figure, write_plot
from fpga_tf.verdict.scan import Point, Scan, integers, quotient

_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}  # by number of panels; of more, 4
_ENTRY = 1.5  # of a legend, inches
_ROWS = 3
_FLOAT = (0, (5, 1, 1, 1, 1, 1))  # line of the float model beside a trained one
_MARKERS = "osDv^<>pPX"
_WIDE = 0.02  # of the enlarged view where the limit allows no loss


def plot_scan(scan: Scan, path: Path) -> None:
    """Write the figure; the same scan gives the same bytes.

    Raises:
        UserError: as `check_plot`.
        ToolError: the file can't be written.
    """
    write_plot(path, lambda: _draw(scan))


def _draw(scan: Scan) -> Any:
    """For each integer width the ratios, below them the surroundings of the limit, then the AUC of the decisions."""
    panels = integers(scan.points)
    columns = _COLUMNS.get(len(panels), 4)
    bands = -(-len(panels) // columns)
    figure = new_figure(0.8 + 3.1 * columns, 1.2 + 2.1 * _ROWS * bands)
    grid = figure.subplots(_ROWS * bands, columns, sharex=True, sharey="row", squeeze=False)
    for number, (integer, points) in enumerate(panels.items()):
        band, column = divmod(number, columns)
        whole, enlarged, decided = (grid[_ROWS * band + row][column] for row in range(_ROWS))
        whole.set_title(f"{integer} integer bits, 1 sign bit")
        for axes in (whole, enlarged):
            _lines(scan, points, axes)
        _decided(scan, points, decided)
    for unused in range(len(panels), bands * columns):
        for row in range(_ROWS):
            grid[_ROWS * (unused // columns) + row][unused % columns].set_visible(False)
    _scales(scan, grid)
    _labels(scan, grid)
    _legend(scan, figure)
    return figure


def _legend(scan: Scan, figure: Any) -> None:
    """Above all panels: lines of classes, those of the float model and the limit, and what was scanned."""
    handles = _handles(scan)
    legend = figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=min(len(handles), int(figure.get_figwidth() / _ENTRY)),
        frameon=False,
        title=_title(scan),
        title_fontsize=11,
        alignment="left",
    )
    legend.get_title().set_parse_math(False)


def _title(scan: Scan) -> str:
    weights = {p.width.weight_fraction for p in scan.points if p.width.weight_fraction != p.width.fraction}
    told = f", weights with {min(weights)} fraction bits" if weights else ""
    return f"{scan.name}: {scan.reference.n:,} samples{told}"


def _style(number: int) -> dict[str, Any]:
    """Of a class's line; a hundred differ."""
    marker = _MARKERS[(number + number // len(COLORS)) % len(_MARKERS)]
    return {"color": COLORS[number % len(COLORS)], "marker": marker, "linewidth": 1.2}


def _handles(scan: Scan) -> list[Any]:
    """The legend: all classes, even one that no panel has a point of."""
    from matplotlib.lines import Line2D

    found = [Line2D([], [], **_style(i), label=name.replace("$", r"\$")) for i, name in enumerate(scan.classes)]
    reference = "model as trained" if scan.trained else "float model"
    found.append(Line2D([], [], color="black", linestyle="--", linewidth=1.0, label=reference))
    if scan.float_ is not None:
        found.append(Line2D([], [], color="black", linestyle=_FLOAT, linewidth=1.0, label="float model"))
    loss = scan.limits.max_auc_loss
    if loss is not None:
        text = f"loss of {loss:g} (limit)"
        found.append(Line2D([], [], color="black", linestyle=":", linewidth=1.0, label=text))
    return found


def _lines(scan: Scan, points: list[Point], axes: Any) -> None:
    axes.axhline(1.0, color="black", linewidth=1.0, linestyle="--")
    for number, name in enumerate(scan.classes):
        style = _style(number)
        known = [(p.width.fraction, r) for p in points if (r := scan.ratio(p, name)) is not None]
        axes.plot([x for x, _ in known], [y for _, y in known], **style)
        for height, line in ((_float_ratio(scan, name), _FLOAT), (_limit(scan, name), ":")):
            if height is not None:
                axes.axhline(height, color=style["color"], linewidth=1.0, linestyle=line)


def _decided(scan: Scan, points: list[Point], axes: Any) -> None:
    for number, name in enumerate(scan.classes):
        style = _style(number)
        known = [(p.width.fraction, auc) for p in points if (auc := _decision_auc(p, name)) is not None]
        axes.plot([x for x, _ in known], [y for _, y in known], **style)
        own = scan.decisions.auc[name]
        if own is not None:
            axes.axhline(own, color=style["color"], linewidth=1.0, linestyle="--")


def _decision_auc(point: Point, name: str) -> float | None:
    return None if point.decisions is None else point.decisions.auc[name]


def _float_ratio(scan: Scan, name: str) -> float | None:
    """The AUC of a float model beside a trained one, by the latter's."""
    return None if scan.float_ is None else quotient(scan.float_.auc[name], scan.reference.auc[name])


def _limit(scan: Scan, name: str) -> float | None:
    """The least AUC of a class that the limit allows, by the reference's."""
    loss, auc = scan.limits.max_auc_loss, scan.baseline.auc[name]
    return None if loss is None or auc is None else quotient(auc - loss, scan.reference.auc[name])


def _scales(scan: Scan, grid: Any) -> None:
    """The same in all panels, so that they compare: all points above, the limits below, then the decisions."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    heights = _heights(scan)
    fractions = [p.width.fraction for p in scan.points]
    for row, axes in enumerate(grid):
        for one in axes:
            one.set_ylim(*heights[row % _ROWS])
            one.set_xlim(min(fractions) - 0.5, max(fractions) + 0.5)
            one.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, steps=[1, 2, 5, 10]))
            one.xaxis.set_minor_locator(NullLocator())


def _heights(scan: Scan) -> list[tuple[float, float]]:
    """Lowest and highest of each row's scale."""
    ratios = [r for p in scan.points for n in scan.classes if (r := scan.ratio(p, n)) is not None]
    lines = [r for n in scan.classes for r in (_limit(scan, n), _float_ratio(scan, n), 1.0) if r is not None]
    aucs = [auc for p in scan.points for n in scan.classes if (auc := _decision_auc(p, n)) is not None]
    least, most = min([*lines, 1.0]), max(lines)
    wide = most - least or _WIDE
    return [
        _range(min([*ratios, 1.0]), max([*ratios, 1.0]), wide),
        (least - 2.0 * wide, most + wide),
        _range(min([*aucs, 1.0]), 1.0, wide),
    ]


def _range(low: float, high: float, least: float) -> tuple[float, float]:
    edge = 0.08 * max(high - low, least)
    return low - edge, high + edge


def _labels(scan: Scan, grid: Any) -> None:
    """Heights once per row; bits below each panel's last."""
    names = (f"AUC / AUC {scan.label}", "the same, enlarged", f"AUC, truth: {scan.label}")
    for row, axes in enumerate(grid):
        axes[0].set_ylabel(names[row % _ROWS])
        for one in axes if row % _ROWS == _ROWS - 1 else ():
            one.set_xlabel("fraction width [bits]")
            one.tick_params(labelbottom=True)
