"""`fpga-tf rtl`: pipelined Verilog of a model, clocked and compared."""

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
def rtl(out: Output, config: Config, folder: Path, fresh: bool) -> int:
    """Write and clock the Verilog of CONFIG's model.

    A sample goes in with each clock, with gaps and resets in between, and every output is compared with the model:
    exits with 1 if one differs, or if a gate of the budget fails. Needs the extra `rtl`.
    """
    from fpga_tf.flow.quiet import set_environment

    set_environment()
    with out.guarded():
        from fpga_tf.flow.rtl import make_rtl

        judged = make_rtl(config, folder, simulate=True, fresh=fresh, progress=out.progress())
    return show_rtl(out, judged)
