"""The RTL as it stands on the disk: compiled, clocked with the reference's samples, compared with the model."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import ToolError
from fpga_tf.files import disk_errors, sha256_file
from fpga_tf.flow import judge
from fpga_tf.flow.progress import Progress
from fpga_tf.flow.reference import Reference
from fpga_tf.flow.samples import samples_of
from fpga_tf.rtl.manifest import RtlManifest, read_rtl_manifest, rtl_edited
from fpga_tf.rtl.ports import input_values, output_codes
from fpga_tf.rtl.simulate import CycleResult, Ports, run_cycles
from fpga_tf.rtl.verilate import LARGEST_BYTES, build, build_key_parts, size_of
from fpga_tf.store import Store
from fpga_tf.verdict.agreement import Agreement, combine

Codes = NDArray[np.int64]
COMPILE, CLOCK = STEPS = ("compile the cycle simulation", "clock")
_PROGRAM, _CYCLES, _OUTPUTS = "cycle_simulation", "cycles.json", "cycle_outputs.npz"
_SEED = 20260101  # of the gaps and resets


@dataclass(frozen=True)
class Clocked:
    """RTL, and what its simulation gave.

    Attributes:
        folder: where it is.
        manifest: what it says of itself.
        edited: generated files that are not as they were written.
        agreement: of codes of the model and of the clocked RTL; None if it was not simulated.
        latency, interval: in cycles, as counted; None if it was not simulated, or gave no clear answer.
        samples: how many were clocked.
        seconds: what that took.
        problems: what went wrong with gaps, resets or the latency, each a sentence.
        why: why it was not simulated.
    """

    folder: Path
    manifest: RtlManifest
    edited: tuple[str, ...] = ()
    agreement: Agreement | None = None
    latency: int | None = None
    interval: int | None = None
    samples: int = 0
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    why: str | None = None


def on_disk(folder: Path, why: str = "it was not asked for") -> Clocked:
    """RTL that is not simulated.

    Raises:
        UserError: its manifest is missing or damaged.
    """
    made = read_rtl_manifest(folder)
    return Clocked(folder, made, tuple(rtl_edited(folder, made)), why=why)


def clock_rtl(
    folder: Path, reference: Reference, store: Store, progress: Progress, *, jobs: int, simulate: str = "auto"
) -> Clocked:
    """Compile and clock RTL as it stands on the disk, unless it is too large for that.

    Args:
        reference: samples by set, and what the model gives.
        jobs: compilers at once.
        simulate: `never`, `always`, or `auto`: unless compiling it is expected to take too much memory.

    Raises:
        UserError: the manifest is damaged.
        ToolError: a tool is missing or fails.
    """
    found = on_disk(folder)
    with progress.step(COMPILE) as step:
        why = "rtl.simulate is never" if simulate == "never" else _too_large(found) if simulate == "auto" else None
        if why is not None:
            step.say("left out")
            return replace(found, why=why)
        program, key, cached = _built(found, store, jobs, step.advance)
        if cached:
            step.mark_cached()
    with progress.step(f"{CLOCK} {samples_of(reference.inputs):,} samples") as step:
        result, seconds, cached = _run(program, key, found.manifest, reference, store)
        if cached:
            step.mark_cached()
    return _compared(found, reference, result, seconds)


def _too_large(found: Clocked) -> str | None:
    size = size_of(found.folder, found.manifest.name)
    if size.memory_bytes <= LARGEST_BYTES:
        return None
    return (
        f"its simulation of {size.operations:,} operations would take {size.memory_bytes / 1e9:.1f} GB to compile, "
        f"more than {LARGEST_BYTES / 1e9:.1f} GB; set rtl.simulate to always, or make the model smaller"
    )


def _built(found: Clocked, store: Store, jobs: int, advance: Callable[[float, float], None]) -> tuple[Path, str, bool]:
    """The program, its key, and whether it came from the store."""
    before = _digests(found.folder)
    key = store.key({"what": "cycle simulation 1", **build_key_parts(), **{f"file {n}": d for n, d in before.items()}})
    entry = store.get(key)
    if entry is not None:
        return entry / _PROGRAM, key, True

    def populate(made: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="fpga_tf-rtl-") as room:
            program = build(found.folder, found.manifest.name, Path(room), jobs=jobs, advance=advance)
            shutil.copy2(program, made / _PROGRAM)
        if _digests(found.folder) != before:
            raise ToolError(
                "Verilog must stay as it is while it is compiled, not be edited",
                where=str(found.folder),
                hint="run again when nothing edits it",
            )

    return store.put(key, populate) / _PROGRAM, key, False


def _digests(folder: Path) -> dict[str, str]:
    with disk_errors(folder, "readable"):
        files = sorted(path for path in (folder / "src").rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def _run(
    program: Path, key: str, made: RtlManifest, reference: Reference, store: Store
) -> tuple[CycleResult, float, bool]:
    """What clocking gave, how long it took, and whether it came from the store."""
    formats = [port.type for port in made.inputs]
    values = np.concatenate([input_values(formats, ports) for ports in reference.inputs.values()])
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    cycles = store.key({"what": "cycles 1", "program": key, "values": digest, "latency": str(made.latency)})
    entry = store.get(cycles)
    cached = entry is not None
    if entry is None:

        def populate(folder: Path) -> None:
            start = time.perf_counter()
            ports = Ports(made.input_fields, made.output_fields, made.latency)
            found = run_cycles(program, ports, values, seed=_SEED)
            kept = {name: value for name, value in vars(found).items() if name != "outputs"}
            kept["seconds"] = time.perf_counter() - start
            (folder / _CYCLES).write_text(json.dumps(kept))
            np.savez_compressed(folder / _OUTPUTS, outputs=found.outputs)

        entry = store.put(cycles, populate)
    told = json.loads((entry / _CYCLES).read_text())
    seconds = told.pop("seconds")
    with np.load(entry / _OUTPUTS, allow_pickle=False) as data:
        outputs = data["outputs"]
    return CycleResult(outputs=outputs, **{**told, "problems": tuple(told["problems"])}), seconds, cached


def _compared(found: Clocked, reference: Reference, result: CycleResult, seconds: float) -> Clocked:
    ends = np.cumsum([len(ports[0]) for ports in reference.inputs.values()])[:-1]
    outputs = found.manifest.outputs
    formats, shapes = [port.type for port in outputs], [port.shape for port in outputs]
    parts = zip(reference.inputs, np.split(result.outputs, ends), strict=True)
    codes = {name: output_codes(formats, shapes, values) for name, values in parts}
    return replace(
        found,
        agreement=combine(judge.compare_sets(reference, codes)),
        latency=result.latency,
        interval=result.interval,
        samples=result.samples,
        seconds=seconds,
        problems=result.problems,
        why=None,
    )
