"""`fpga-tf data`: public jets brought into the layout that runs and trainings read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.errors import UserError
from fpga_tf.flow.data import CUTS, FORMATS, NORMALISATIONS, PARTS, SEED

if TYPE_CHECKING:
    from fpga_tf.flow.data import Made

_PATH = click.Path(path_type=Path)
_COUNT = click.IntRange(min=1)


def _share(context: click.Context, option: click.Parameter, value: float) -> float:
    if not 0 <= value < 1:  # also true of nan, which click's own range lets pass
        raise UserError(f"{option.opts[0]} must be at least 0 and below 1, not {value:g}")
    return value


_SHARE: Any = {"type": float, "callback": _share, "metavar": "SHARE", "show_default": True}


@click.command()
@click.argument("kind", type=click.Choice(FORMATS), metavar="FORMAT")
@click.argument("inputs", type=_PATH, nargs=-1, required=True, metavar="IN...")
@click.option(
    "--out", "to", type=_PATH, required=True, metavar="FILE", help="HDF5 file to be made; whole or as before."
)
@click.option("--eval", "evaluation", type=_PATH, multiple=True, metavar="IN", help="For evaluation only; repeatable.")
@click.option("--particles", type=_COUNT, metavar="N", help="Particles of a jet. Default: as the format.")
@click.option("--features", type=_COUNT, metavar="N", help="Features of a particle: 3 or 16 of lhc-jets.")
@click.option("--cut", type=click.Choice(CUTS), help="What becomes of particles below 2 GeV in lhc-jets.")
@click.option("--normalise", type=click.Choice(NORMALISATIONS), help="Default: standard, where the format has it.")
@click.option("--padding", type=click.Choice(["normalised", "zero"]), help="Free slots: as zeros before, or after.")
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, help="Of split and order.")
@click.option("--valid-share", **_SHARE, default=0.1, help="Held back of the training jets.")
@click.option("--eval-share", **_SHARE, default=0.3, help="For evaluation, without --eval.")
@click.option("--calib", type=click.IntRange(min=0), metavar="N", help="Calibration jets. Default: up to 4,000.")
@click.option("--train-jets", type=_COUNT, metavar="N", help="Jets used besides evaluation, at most.")
@click.option("--eval-jets", type=_COUNT, metavar="N", help="Jets for evaluation, at most.")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Write only this part; repeatable.")
@common
def data(out: Output, /, kind: str, inputs: tuple[Path, ...], to: Path, **options: Any) -> None:
    """Bring public jets into the layout that runs read.

    One HDF5 file has the parts train, valid, calib and eval.

    FORMAT is lhc-jets (hls4ml LHC jets), jetclass, cms-btag or jetnet; IN are its files, or folders of them. Files may
    be larger than the memory.
    """
    from fpga_tf.flow.data import Request, make

    request = Request(format=kind, inputs=inputs, out=to, **options)
    with out.guarded():
        progress = out.progress()
        made = make(request, progress)
    if out.json:
        out.emit({**made.to_json(), "steps": [{"name": s.name, "seconds": s.seconds} for s in progress.steps]})
    else:
        _show(out, made)


def _show(out: Output, made: Made) -> None:
    total = sum(sum(counts.values()) for counts in made.counts.values())
    click.echo(f"{made.out}: {total:,} jets of {made.shape[0]} particles with {made.shape[1]} features")
    if out.quiet:
        return
    for part, counts in made.counts.items():
        classes = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        click.echo(f"  {part:6} {sum(counts.values()):>9,}   {classes}")
    for name, subtract, divide in zip(made.features, made.subtract, made.divide, strict=True):
        click.echo(f"  {name:14} minus {subtract:.6g}, over {divide:.6g}")
