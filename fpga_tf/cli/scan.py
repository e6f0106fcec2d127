"""`fpga-tf scan`: physics of a model at many bit widths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.targets import check_targets

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config
    from fpga_tf.flow.progress import Progress
    from fpga_tf.verdict.scan import Scan
    from fpga_tf.verdict.verdict import RunResult

_FAILED = 1


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--fraction", metavar="BITS", default="2..12", show_default=True, help="Fraction bits: 2..12 or 2,4,8.")
@click.option("--integer", metavar="BITS", default="4..8", show_default=True, help="Integer bits, without the sign.")
@click.option("--weight-fraction", type=int, metavar="BITS", help="Fraction bits of all weights. Default: as tensors.")
@click.option("--samples", type=click.IntRange(min=1), metavar="N", help="Evaluate the first N samples only.")
@click.option("--csv", "csv", type=click.Path(path_type=Path), metavar="FILE", help="Write all points to FILE, too.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw AUC ratios and agreement: .png, .pdf or .svg."
)
@click.option("--pick", is_flag=True, help="C-simulate the smallest width within the gates; 1 if there is none.")
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@common
def scan(
    out: Output,
    config: Path,
    fraction: str,
    integer: str,
    weight_fraction: int | None,
    samples: int | None,
    csv: Path | None,
    plot: Path | None,
    pick: bool,
    fresh: bool,
) -> int:
    """Scan bit widths: AUC and accuracy of CONFIG's model.

    A float model, or one that was trained with QKeras, is quantised to one format for all tensors, evaluated to the
    bit, and compared with the truth and with the model as it was; nothing is compiled. A scan that was stopped goes on
    where it was.
    """
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment
    from fpga_tf.flow.widths import widths
    from fpga_tf.verdict.plot_scan import plot_scan
    from fpga_tf.verdict.plots.style import check_plot

    asked = widths(integer, fraction, weight_fraction)
    check_targets(config, csv=csv, plot=plot)
    if plot is not None:
        check_plot(plot)
    loaded = load_config(config)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import scan as flow

        progress = out.progress()
        found = flow.scan(_cut(loaded, samples), asked, fresh=fresh, progress=progress)
        _write(found, csv)
        if plot is not None:
            plot_scan(found, plot)
    if not out.json:
        _show(out, found)
    picked = _run(out, loaded, found, fresh) if pick else None
    if out.json:
        out.emit(_json(found, progress, pick, picked))
    return _code(out, found, pick, picked)


def _cut(config: Config, samples: int | None) -> Config:
    """The configuration with fewer samples."""
    data = config.data
    if samples is None or data is None or (data.max_samples or samples) < samples:
        return config
    return config.model_copy(update={"data": data.model_copy(update={"max_samples": samples})})


def _write(found: Scan, csv: Path | None) -> None:
    from fpga_tf.files import atomic_write

    if csv is not None:
        atomic_write(csv, found.to_csv())


def _show(out: Output, found: Scan) -> None:
    from fpga_tf.verdict.show_scan import render_scan

    render_scan(found, out.console(), quiet=out.quiet)


def _run(out: Output, config: Config, found: Scan, fresh: bool) -> RunResult | None:
    """The run of the point that is picked, on all samples; None if there is none."""
    point = found.picked()
    if point is None:
        return None
    with out.guarded():
        from fpga_tf.flow import run as flow
        from fpga_tf.flow.scan_job import at

        return flow.run(at(config, point.width), fresh=fresh, progress=out.progress())


def _json(found: Scan, progress: Progress, pick: bool, picked: RunResult | None) -> dict[str, Any]:
    """The scan, and with --pick what was picked: null if nothing was."""
    value = {**found.to_json(), "steps": [asdict(step) for step in progress.steps]}
    if not pick:
        return value
    point = found.picked()
    chosen = {"integer": point.width.integer, "fraction": point.width.fraction} if point else None
    return {**value, "picked": chosen, "run": picked and picked.to_json()}


def _code(out: Output, found: Scan, pick: bool, picked: RunResult | None) -> int:
    """What the command returns; tells in text what was picked."""
    from fpga_tf.verdict.show import render
    from fpga_tf.verdict.verdict import exit_code

    if not pick:
        return 0
    point = found.picked()
    if point is None or picked is None:
        if not out.json:
            click.echo("picked: none, no width is within the limits")
        return _FAILED
    if not out.json:
        width = point.width
        keys = f"integer_bits: {width.integer}, fraction_bits: {width.fraction}"
        if width.weight_fraction != width.fraction:
            keys += f", weight_fraction_bits: {width.weight_fraction}"
        click.echo(f"picked: {width}, in a configuration `{found.section}: {{{keys}}}`; its run:")
        render(picked, out.console(), quiet=out.quiet)
    return exit_code(picked.verdict)
