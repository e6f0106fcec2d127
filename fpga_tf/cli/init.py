"""`fpga-tf init`: a configuration for a model file."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common

_PATH = click.Path(path_type=Path)
_PART, _CLOCK = "xcvu13p-flga2577-2-e", "5"


@click.command()
@click.argument("model", type=_PATH)
@click.option("--data", type=_PATH, metavar="FILE", help="HDF5 file of jets; a float model needs it to be calibrated.")
@click.option("--out", "to", type=_PATH, metavar="FILE", help="Configuration to be written. Default: MODEL.yaml here.")
@click.option("--part", metavar="PART", help=f"The FPGA, by its full part number. Default: {_PART}.")
@click.option("--clock", metavar="PERIOD", help="Clock: 5, '5 ns' or '200 MHz'. Default: 5 ns.")
@common
def init(out: Output, model: Path, data: Path | None, to: Path | None, part: str | None, clock: str | None) -> None:
    """Write a configuration for MODEL that runs as it stands.

    Each key has its reason beside it.

    MODEL is a .keras or .h5 file with layers of Keras, QKeras, fpga_tf or HGQ2, also of Keras 2. It is read, so
    TensorFlow is imported. A float model is quantised on a few jets of --data, to find widths that keep its decisions.
    The datasets of --data are found by their shapes and names.

    A model that cannot be hardware is refused with all the reasons at once. A configuration that exists is not
    overwritten.
    """
    from fpga_tf.flow.config_types import clock_ns
    from fpga_tf.flow.init import Wanted, project_name
    from fpga_tf.flow.init import init as make

    given = frozenset(name for name, value in (("part", part), ("clock", clock)) if value is not None)
    name = project_name(model)
    file = to or Path(f"{name}.yaml")
    period = clock_ns(clock or _CLOCK, "--clock")
    progress = out.progress()
    with out.guarded():
        made = make(Wanted(name, model, data, file, part or _PART, period, given), progress)
    if out.json:
        out.emit(made.to_json())
        return
    click.echo(f"{made.out}: written")
    if not out.quiet:
        click.echo(f"  check  fpga-tf check {made.out}\n  run    fpga-tf run {made.out}")
