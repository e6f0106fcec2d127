"""Running the C-simulation in child processes, on integer codes."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.files import disk_errors
from fpga_tf.hls.manifest import Manifest, Port

DEADLOCK = 3  # exit code of fifo.h
_LAST_WORDS = 4096  # bytes of a failed program's messages that are looked at
Codes = NDArray[np.int64]
Watch = Callable[[float, float], None]


class DeadlockError(ToolError):
    """Processes of a dataflow region wait for each other for ever."""


@dataclass(frozen=True)
class Simulated:
    """What the firmware computed.

    Attributes:
        outputs: per output port, codes of shape (samples, *shape).
        layers: per layer of the manifest, codes; empty unless traced.
        seconds: time of the child processes.
    """

    outputs: list[Codes]
    layers: list[Codes]
    seconds: float


def simulate(
    program: Path,
    manifest: Manifest,
    inputs: Sequence[Codes],
    *,
    jobs: int = 2,
    traced: bool = False,
    concurrent: bool = False,
    watch: Watch | None = None,
) -> Simulated:
    """Run the firmware on codes.

    Args:
        inputs: per input port, codes of shape (samples, *shape), each within its port's format.
        jobs: processes at once; the results do not depend on it.
        traced: also return every layer.
        concurrent: of a dataflow project: every process is a thread, every FIFO as deep as it is written.
        watch: called with (samples done, samples).

    Raises:
        DeadlockError: processes wait for each other for ever.
        ToolError: a process died or the disk is full.
    """
    samples = len(inputs[0])
    for port, codes in zip(manifest.inputs, inputs, strict=True):
        fmt = port.type
        lowest = -(1 << (fmt.width - 1)) if fmt.signed else 0
        if codes.size and (codes.min() < lowest or codes.max() > fmt.max_code):
            raise InternalError(f"codes of input {port.name} must lie in {fmt}")
        if codes.shape != (samples, *port.shape):
            raise InternalError(f"codes of input {port.name} must have shape {port.shape}, not {codes.shape[1:]}")
    if samples == 0:
        empty = [
            [np.zeros((0, *p.shape), dtype=np.int64) for p in ports] for ports in (manifest.outputs, manifest.layers)
        ]
        return Simulated(empty[0], empty[1] if traced else [], 0.0)
    flat = np.concatenate([c.reshape(samples, -1) for c in inputs], axis=1)
    cuts = [samples * i // jobs for i in range(jobs + 1)]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fpga_tf-") as name:
        folder = Path(name)
        runs: list[_Child] = []
        try:
            for i, (a, b) in enumerate(pairwise(cuts)):
                if b > a:
                    runs.append(_Child(program, folder, i, flat[a:b], manifest, traced, concurrent))
            _wait(runs, samples, watch)
            seconds = time.monotonic() - started
            outputs = [np.concatenate(p) for p in zip(*(r.read(manifest.outputs, r.out) for r in runs), strict=True)]
            layers = (
                [np.concatenate(p) for p in zip(*(r.read(manifest.layers, r.traces) for r in runs), strict=True)]
                if traced
                else []
            )
        finally:
            for run in runs:
                run.stop()
    return Simulated(outputs, layers, seconds)


class _Child:
    """One process over a slice of the samples."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        index: int,
        codes: Codes,
        manifest: Manifest,
        traced: bool,
        concurrent: bool,
    ) -> None:
        self.samples = len(codes)
        self.given, self.out, self.traces, self.said = (
            folder / f"{index}.{kind}" for kind in ("in", "out", "traces", "said")
        )
        self.size = 8 * self.samples * sum(p.size for p in manifest.outputs)
        with disk_errors(self.given):
            np.ascontiguousarray(codes, dtype="<i8").tofile(self.given)
        command = [
            str(program),
            *(["--concurrent"] if concurrent else []),
            str(self.given),
            str(self.out),
            str(self.samples),
        ]
        command += [str(self.traces)] if traced else []
        try:
            with self.said.open("wb") as said:  # no pipe: a talkative program would wait for a reader
                self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        except OSError as error:
            raise ToolError(f"the C-simulation must start, but: {error}", where=str(program)) from error

    def done(self) -> float:
        """Samples finished so far."""
        try:
            return self.samples * self.out.stat().st_size / max(self.size, 1)
        except OSError:
            return 0.0

    def check(self) -> None:
        """Raise if the process failed."""
        code = self.process.wait()
        if code:
            said = self.said.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace").strip().splitlines()
            if code == DEADLOCK and said and said[-1].startswith("deadlock:"):
                raise DeadlockError(
                    f"processes of the dataflow region must not wait for each other, but {said[-1]}",
                    where=str(self.process.args[0]) if isinstance(self.process.args, list) else None,
                    hint="make the full FIFOs deeper, or generate the project again",
                )
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise ToolError(
                f"the C-simulation must end well, not with {how}{': ' + said[-1] if said else ''}",
                where=str(self.process.args[0]) if isinstance(self.process.args, list) else None,
                hint="is the disk full, or the memory?",
            )

    def stop(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def read(self, ports: Sequence[Port], path: Path) -> list[Codes]:
        """Codes of each port from a file of the program."""
        total = sum(p.size for p in ports)
        data = np.fromfile(path, dtype="<i8") if path.exists() else np.zeros(0, dtype=np.int64)
        if data.size != total * self.samples:
            raise ToolError(f"the C-simulation must give {total * self.samples} values, not {data.size}")
        rows = data.reshape(self.samples, total)
        # a part more than ports, and empty: there may be no port
        parts = np.split(rows, np.cumsum([p.size for p in ports], dtype=int), axis=1)[:-1]
        return [_as_array(part, p) for p, part in zip(ports, parts, strict=True)]


def _as_array(part: Codes, port: Port) -> Codes:
    """Codes of shape (samples, *shape), from the order in which the firmware gives them."""
    order = port.order or tuple(range(len(port.shape)))
    given = part.reshape(len(part), *(port.shape[axis] for axis in order))
    return given.transpose(0, *(1 + order.index(axis) for axis in range(len(order))))


def _wait(runs: Sequence[_Child], samples: int, watch: Watch | None) -> None:
    while any(run.process.poll() is None for run in runs):
        if watch is not None:
            watch(sum(run.done() for run in runs), samples)
        time.sleep(0.05)
        if any(run.process.poll() not in (None, 0) for run in runs):
            break
    for run in runs:
        if run.process.poll() not in (None, 0):
            run.check()
    for run in runs:
        run.check()
