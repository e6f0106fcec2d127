"""A second opinion on resources: Yosys maps the RTL to cells, once for the same Verilog."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from fpga_tf.errors import UserError
from fpga_tf.files import sha256_file
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.rtl_verify import Clocked
from fpga_tf.reports.types import SynthesisReport
from fpga_tf.reports.yosys_stat import mapped
from fpga_tf.store import Store

STEP = "map to cells with Yosys"
_RESULT = "yosys.json"


def second_opinion(found: Clocked, store: Store, progress: Progress, *, jobs: int, any_size: bool) -> SynthesisReport:
    """Cells of RTL as Yosys counts them.

    Args:
        jobs: processes at once.
        any_size: map it however large it is.

    Raises:
        UserError: it is large, or the part is not of UltraScale+.
        ToolError: Yosys is missing or fails.
    """
    from fpga_tf.rtl.synthesis import LIMIT, Synthesised, small_enough, synthesise
    from fpga_tf.rtl.synthesis_yosys import find_yosys

    made = found.manifest
    if not any_size and not small_enough(made.cost):
        raise UserError(
            f"a design must have at most {LIMIT:,.0f} LUTs by da4ml's count to be mapped with Yosys in minutes, not "
            f"{made.cost:,.0f}",
            hint="--yosys-any-size maps it all the same",
        )
    with progress.step(STEP) as step:
        with tempfile.TemporaryDirectory(prefix="fpga_tf-yosys-") as name:
            version = find_yosys(Path(name)).version
        sources = {path.name: sha256_file(path) for path in sorted((found.folder / "src").glob("*.v"))}
        key = store.key({"what": "yosys 1", "version": version, "part": made.part, **sources})
        entry = store.get(key)
        if entry is not None:
            step.mark_cached()
        else:

            def populate(folder: Path) -> None:
                done = synthesise(found.folder, made.name, made.part, jobs=jobs, watch=step.advance)
                (folder / _RESULT).write_text(json.dumps(done.to_json()), "utf-8")

            entry = store.put(key, populate)
        one = Synthesised.from_json(json.loads((entry / _RESULT).read_text("utf-8")))
    return mapped(
        {stage.module: stage.cells for stage in one.stages},
        {stage.module: stage.packed for stage in one.stages},
        flip_flops=one.flip_flops,
        flip_flops_chained=one.flip_flops_chained,
        shift_registers=one.shift_registers,
        version=one.version,
        booth=one.booth,
        top=made.name,
        part=made.part,
        path=str(found.folder),
    )
