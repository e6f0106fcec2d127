"""`fpga-tf sweep`: physics and believed cost over precision, shape, clock and sizes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.targets import check_targets
from fpga_tf.errors import UserError

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config
    from fpga_tf.flow.sweep import How
    from fpga_tf.verdict.sweep import Point, Sweep

_FAILED, _LOST = 1, 3
_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("config", type=_FILE)
@click.option(
    "--search", type=click.IntRange(min=1), metavar="N", help="N points that Optuna proposes in place of the grid."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the search.")
@click.option("--workers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Points at once.")
@click.option("--cluster", type=click.Choice(["slurm", "htcondor"]), help="Workers are jobs of a batch system.")
@click.option("--builder", metavar="MODULE:FUNCTION", help="Your own Python function that makes models; it is run.")
@click.option("--csv", "csv", type=_FILE, metavar="FILE", help="Write all points to FILE, too.")
@click.option("--parquet", type=_FILE, metavar="FILE", help="The same as Parquet.")
@click.option("--plot", type=_FILE, metavar="FILE", help="Draw AUC against LUT: .png, .pdf or .svg.")
@click.option("--pick", metavar="auc|lut|N", help="Write the configuration of a point; 1 if there is none.")
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Where to. Default: <config>_picked.yaml beside CONFIG."
)
@click.option("--fresh", is_flag=True, help="Use nothing from the store, and keep nothing for a sweep that goes on.")
@common
def sweep(
    out: Output,
    config: Path,
    search: int | None,
    seed: int,
    workers: int,
    cluster: Any,
    builder: str | None,
    csv: Path | None,
    parquet: Path | None,
    plot: Path | None,
    pick: str | None,
    output: Path | None,
    fresh: bool,
) -> int:
    """Sweep widths, shapes, clocks and sizes of CONFIG's model.

    The axes are in the section `sweep`. For each point: AUC and accuracy, evaluated to the bit, and latency and
    resources, estimated with their errors; nothing is compiled. A sweep that was killed goes on where it was.
    """
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment
    from fpga_tf.verdict.plots.style import check_plot

    _check(pick, output, parquet)
    check_targets(config, csv=csv, parquet=parquet, plot=plot, output=output)
    if plot is not None:
        check_plot(plot)
    loaded = load_config(config)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import sweep as flow

        how = flow.How(workers, cluster, search, seed, builder, fresh)
        progress = out.progress()
        found = flow.sweep(loaded, how, progress)
        _write(found, csv, parquet, plot)
    written = output or config.with_name(f"{config.stem}_picked.yaml")
    point = None if pick is None else _picked(loaded, how, found, pick, written)
    if out.json:
        value = {**found.to_json(), "steps": [asdict(step) for step in progress.steps]}
        if pick is not None:
            value |= {"picked": point and point.number, "config": str(written) if point else None}
        out.emit(value)
    else:
        _show(out, found, pick, point, written)
    if any(one.lost for one in found.points):
        return _LOST
    return _FAILED if pick is not None and point is None else 0


def _check(pick: str | None, output: Path | None, parquet: Path | None) -> None:
    """What is wrong is told before anything is computed."""
    if pick is not None and pick not in ("auc", "lut") and not (pick.isascii() and pick.isdecimal()):
        raise UserError(f"--pick must be auc, lut or the number of a point, not {pick[:40]!r}")
    if output is not None and pick is None:
        raise UserError("--output must be left out without --pick: it is where the picked configuration goes")
    if parquet is not None:
        from fpga_tf.flow.sweep_table import check_parquet

        check_parquet()


def _write(found: Sweep, csv: Path | None, parquet: Path | None, plot: Path | None) -> None:
    from fpga_tf.files import atomic_write

    if csv is not None:
        atomic_write(csv, found.to_csv())
    if parquet is not None:
        from fpga_tf.flow.sweep_table import to_parquet

        atomic_write(parquet, to_parquet(found))
    if plot is not None:
        from fpga_tf.verdict.plot_sweep import plot_sweep

        plot_sweep(found, plot)


def _picked(config: Config, how: How, found: Sweep, pick: str, path: Path) -> Point | None:
    """The point that is picked, its configuration written."""
    from fpga_tf.flow.sweep_pick import write_pick

    point = found.pick(pick)
    if point is not None:
        write_pick(config, how, point, path)
    return point


def _show(out: Output, found: Sweep, pick: str | None, point: Point | None, path: Path) -> None:
    from fpga_tf.verdict.show_sweep import render_sweep

    render_sweep(found, out.console(), quiet=out.quiet)
    if pick is None:
        return
    if point is None:
        click.echo("picked: none, no such point is there, or none is within the limits and surely fits the budget")
        return
    click.echo(f"picked: point {point.number}, {point.label}; now: fpga-tf run {path}")
