"""`fpga-tf rtl`: pipelined Verilog of a model, clocked and compared."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--levels", type=click.FloatRange(1, 1000), default=5.0, show_default=True, help="Levels of logic a stage."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: PROJECT_rtl.")
@click.option("--fresh", is_flag=True, help="Use nothing from the store; replace the project, edits included.")
@click.option("--project", type=click.Path(path_type=Path), help="Project folder, in place of the one in CONFIG.")
@common
def rtl(out: Output, config: Path, levels: float, output: Path | None, fresh: bool, project: Path | None) -> int:
    """Write and clock the Verilog of CONFIG's model.

    One sample goes in with each clock, and every output is compared with the model: exits with 1 if one differs. Needs
    the extra `rtl`.
    """
    from fpga_tf.flow.config import load_config
    from fpga_tf.flow.quiet import set_environment

    loaded = load_config(config, project=project)
    folder = (output or loaded.project.with_name(f"{loaded.project.name}_rtl")).absolute()
    set_environment()
    with out.guarded():
        from fpga_tf.flow.rtl import make_rtl

        result = make_rtl(loaded, folder, levels, fresh=fresh, progress=out.progress())
    if out.json:
        out.emit(result.to_json())
    else:
        agreed = result.agreement
        lines = (
            f"{'FAIL' if agreed.differing else 'PASS'}: {agreed.differing:,} of {agreed.compared:,} outputs differ",
            f"latency {result.latency_cycles} cycles, a sample each cycle",
            f"{result.cost:,.0f} LUTs by da4ml's count, which is no synthesis",
            f"{result.register_bits:,} bits of registers",
            str(folder),
        )
        click.echo("\n".join(lines))
    return int(bool(result.agreement.differing))
