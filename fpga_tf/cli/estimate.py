"""`fpga-tf estimate`: latency and resources of a model's RTL, without simulating it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpga_tf.cli.output import Output, common
from fpga_tf.cli.rtl_options import rtl_options, show_rtl

if TYPE_CHECKING:
    from fpga_tf.flow.config import Config


@click.command()
@common
@rtl_options
@click.option("--yosys", is_flag=True, help="Synthesise with Yosys too, for small designs.")
@click.option("--yosys-any-size", is_flag=True, help="As --yosys, however long it takes.")
@click.option("--shapes", is_flag=True, help="All shapes of the HLS project instead: unrolled, and by rows.")
def estimate(
    out: Output, config: Config, folder: Path, fresh: bool, yosys: bool, yosys_any_size: bool, shapes: bool
) -> int:
    """Estimate cycles, clock and resources of CONFIG's model.

    Its RTL is written and counted, not simulated. Each estimate has its error. Exits with 1 if a gate of the budget
    fails; a limit within the error is unknown. Needs the extra `rtl`.

    With --shapes nothing is written: the HLS project is estimated unrolled, and row by row with each reuse factor, as
    `hls.shape: auto` weighs them. Exits with 1 if none surely fits the budget.
    """
    from fpga_tf.flow.quiet import set_environment

    set_environment()
    if shapes:
        return _shapes(out, config)
    with out.guarded():
        from fpga_tf.flow.rtl import make_rtl

        asked = "any" if yosys_any_size else "small" if yosys else None
        judged = make_rtl(config, folder, simulate=False, fresh=fresh, progress=out.progress(), yosys=asked)
    return show_rtl(out, judged)


def _shapes(out: Output, config: Config) -> int:
    with out.guarded():
        from fpga_tf.flow.estimate_shapes import estimate_shapes

        found = estimate_shapes(config, out.progress())
    chosen = next(one for one in found if one.taken)
    fits = chosen.result == "pass"
    if out.json:
        first = chosen.name if fits else None
        out.emit({"shapes": [one.to_json() for one in found], "first": first, "taken": chosen.name})
    else:
        from fpga_tf.verdict.shapes import print_shapes

        print_shapes(found, out.console(), quiet=out.quiet)
    return int(not fits)
