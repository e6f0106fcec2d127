"""`fpga-tf explain`: how each layer is computed in hardware."""

from __future__ import annotations

from pathlib import Path

import click

from fpga_tf.cli.output import Output, common


@click.command()
@click.argument("path", type=click.Path(path_type=Path), metavar="PROJECT_OR_CONFIG")
@click.argument("layer", required=False)
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@common
def explain(out: Output, path: Path, layer: str | None, as_json: bool) -> None:
    """Tell how layers are computed in hardware, and what they cost.

    Without LAYER: all layers in the order of the firmware. With LAYER, in sentences: the arithmetic, the width of the
    exact sum and why, the one place where it is rounded, tables and their largest error, masks; formats of input,
    weights, sum and output; multipliers, steps and cycles in both hardware shapes; FIFOs; and the cost, with the source
    of each number. A stage of an attention is LAYER/STAGE; an attention's name gives all of its stages.

    If the project of the configuration stands as it would be made now, it is read, with the costs of its RTL. Else the
    model is quantised and shaped anew, and nothing is written. TensorFlow is imported.
    """
    from dataclasses import replace

    from fpga_tf.flow.explain import explain as look
    from fpga_tf.flow.quiet import set_environment

    out = replace(out, json=out.json or as_json)
    set_environment()
    with out.guarded():
        found = look(path, layer, out.progress())
    if out.json:
        out.emit(found.to_json())
        return
    from fpga_tf.verdict.show_explain import print_layers, print_list

    (print_list if layer is None else print_layers)(found, out.console())
