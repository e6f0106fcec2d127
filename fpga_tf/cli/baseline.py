"""`fpga-tf baseline`: what a tagger's repository guards."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.targets import check_targets

if TYPE_CHECKING:
    from fpga_tf.flow.regression import Recorded

_FAILED = 1


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--out", "path", type=click.Path(path_type=Path), metavar="FILE", help="Default: CONFIG with .baseline.json."
)
@click.option("--update", is_flag=True, help="Replace the baseline that is there; its limits stay.")
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG.")
@common
def baseline(out: Output, config: Path, path: Path | None, update: bool, fresh: bool, project: Path | None) -> int:
    """Record what CONFIG's firmware is, to be guarded.

    CONFIG is run as by `run`. A JSON file is written for review and for the repository: formats and digests of the
    codes of inputs, layers and outputs, some samples in full, AUCs and accuracy, latency, clock and resources with
    their source, the limits of `budget` and `gates`, versions; and `limits`, which you may edit. `regress` holds later
    runs against it.

    A baseline that is there is replaced with --update only, and shown with what moved. Exits with 1, and writes
    nothing, if the firmware is not its model.
    """
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment

    check_targets(config, out=path)
    loaded = load_config(config, project=project)
    set_environment()
    with out.guarded():
        from fpga_tf.flow import regression as flow

        target = flow.default_baseline(config) if path is None else path
        progress = out.progress()
        done = flow.record(loaded, target, update=update, fresh=fresh, progress=progress)
    if out.json:
        out.emit(
            {
                "baseline": str(target),
                "recorded": done.baseline is not None,
                "changes": None if done.changes is None else done.changes.to_json(),
                "run": done.result.to_json(),
                "steps": [asdict(step) for step in progress.steps],
            }
        )
    else:
        _show(out, done, target)
    return _FAILED if done.baseline is None else 0


def _show(out: Output, done: Recorded, target: Path) -> None:
    from fpga_tf.verdict.numbers import plain

    if done.baseline is None:
        from fpga_tf.verdict.show import render

        render(done.result, out.console(), quiet=out.quiet)
        click.echo(f"not recorded: {plain(str(target))} must be of firmware that is its model")
        return
    if done.changes is not None and not out.quiet:
        from fpga_tf.verdict.regression.show import render_moved

        render_moved(done.changes, out.console())
    made = done.baseline
    samples = sum(one.samples for one in made.sets.values())
    click.echo(f"recorded: {plain(str(target))}: {len(made.layers)} layers, {samples:,} samples")
