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
def estimate(out: Output, config: Config, folder: Path, fresh: bool, yosys: bool, yosys_any_size: bool) -> int:
    """Estimate cycles, clock and resources of CONFIG's model.

    Its RTL is written and counted, not simulated. Each estimate has its error. Exits with 1 if a gate of the budget
    fails; a limit within the error is unknown. Needs the extra `rtl`.
    """
    from fpga_tf.flow.quiet import set_environment

    set_environment()
    with out.guarded():
        from fpga_tf.flow.rtl import make_rtl

        asked = "any" if yosys_any_size else "small" if yosys else None
        judged = make_rtl(config, folder, simulate=False, fresh=fresh, progress=out.progress(), yosys=asked)
    return show_rtl(out, judged)
