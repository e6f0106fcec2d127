"""Damages reports at random, from a seed, and reads them: every one must be read right or refused.

A mutant is told by the seed and its number: the same two give the same bytes, as long as the files are the same.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

from fpga_tf.errors import FpgaTfError, InternalError
from fpga_tf.reports.read import READERS, read_source
from fpga_tf.reports.source import Source
from fpga_tf.reports.types import SynthesisReport

from .fuzz_mutations import MUTATIONS
from .fuzz_oracle import best_of, insane_values
from .pace import units

FIXTURES = (Path(__file__).parent / "data", Path(__file__).parent / "traps")
# Of processor time, for one file; in units, and in seconds below which no unit is measured.
SLOW_UNITS = 100.0
_QUICK_SECONDS = 0.5
_STOP_SECONDS = 10.0
_MESSAGE = 4000
_PATH = "mutant"
_FORMATS = tuple(reader.format for reader in READERS)
# Larger files are drawn less often: they take longer, and the smaller ones hold the same.
_USUAL_SIZE = 4000
# How far from the end of a file a second report is looked for, in empty lines.
_GAPS = 40


@dataclass(frozen=True, slots=True)
class Seed:
    """A whole file.

    Attributes:
        path: where it is.
        data: its bytes.
        truths: what it says; empty where it is refused. A file may hold another report behind the first: that, too.
        in_place: whether a line's meaning is in its place: XML and JSON.
    """

    path: Path
    data: bytes
    truths: tuple[SynthesisReport, ...]
    in_place: bool

    @property
    def format(self) -> str:
        """Format of the whole file."""
        return self.truths[0].format if self.truths else "refused"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file.

    Attributes:
        number: which one it is.
        seed: what it was.
        mutations: what was done to it.
        data: its bytes.
        truths: the reports of which one must hold all that is read from it; none where it can't be told.
    """

    number: int
    seed: Seed
    mutations: tuple[str, ...]
    data: bytes
    truths: tuple[SynthesisReport, ...]

    def __str__(self) -> str:
        return f"mutant {self.number} of {self.seed.path}: {' and '.join(self.mutations)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of reading a file.

    Attributes:
        kind: `read`, `refused`, or that it is a finding: `crashed`, `slow`, `insane`, `false`.
        problems: what is wrong; empty unless it is a finding.
        seconds: of processor time.
    """

    kind: str
    problems: tuple[str, ...]
    seconds: float


class _TooSlow(BaseException):
    """Raised in code that does not come to an end."""


def seeds(folders: Sequence[Path] = FIXTURES) -> list[Seed]:
    """All files in folders, by path; those that are read have their report."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    found = [_seed(path) for path in paths]
    return [seed for seed in found if seed.data.strip()]


def _seed(path: Path) -> Seed:
    data = path.read_bytes()
    whole = _report(data)
    return Seed(
        path,
        data,
        () if whole is None else (whole, *_behind(data, whole.format)),
        data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"<", b"{", b"["),
    )


def _report(data: bytes) -> SynthesisReport | None:
    try:
        return read_source(Source(_PATH, data))
    except FpgaTfError:
        return None


def _behind(data: bytes, first: str) -> Iterator[SynthesisReport]:
    """Reports of other formats, which begin after an empty line."""
    for gap in list(re.finditer(rb"\n\s*\n", data))[-_GAPS:]:
        report = _report(data[gap.end() :])
        if report is not None and report.format != first:
            yield report


def mutant(files: Sequence[Seed], seed: int, number: int) -> Mutant:
    """The mutant with this number.

    Args:
        files: what to damage.
        seed: of all mutants.
        number: of this one.
    """
    rng = Random(f"{seed} {number}")
    weights = [min(1.0, _USUAL_SIZE / len(file.data)) for file in files]
    (file,) = rng.choices(files, weights)
    # another design's file of one format is mistaken for this one's more easily
    kin = rng.random() < 0.5
    likely = [
        weight if not kin or one.format == file.format else 0.0 for one, weight in zip(files, weights, strict=True)
    ]
    (other,) = rng.choices(files, likely)
    steps = rng.choices(MUTATIONS, [mutation.weight for mutation in MUTATIONS], k=rng.choice((1, 1, 1, 2)))
    steps.sort(key=lambda step: step.name == "encode")  # the others take the file for ASCII
    data = file.data
    for step in steps:
        data = step.mutate(data, rng, other.data) or b"\n"
    judges = {"none" if file.in_place and not step.in_place else step.judge for step in steps}
    held_to = [file, other] if "either" in judges else [file]
    # What an unreadable file says is not known; and two files of which lines are lost may seem to be one
    told = "none" not in judges and all(held.truths for held in held_to) and len(held_to) + len(steps) < 4
    truths = tuple(truth for held in held_to for truth in held.truths) if told else ()
    names = tuple(step.name + (f" ({other.path})" if step.judge == "either" else "") for step in steps)
    return Mutant(number, file, names, data, truths)


def read_mutant(found: Mutant) -> Outcome:
    """Read a mutant as a user's file is read, and judge what is said of it."""
    return judge(found.data, found.truths)


def judge(data: bytes, truths: Sequence[SynthesisReport] = ()) -> Outcome:
    """Read a file as a user's is read, and judge what is said of it.

    Args:
        data: the file.
        truths: reports of which one must hold all that is read; none where it can't be told.
    """
    report: SynthesisReport | None = None
    kind, problems = "refused", []
    start = time.process_time()
    try:
        with _limit(_STOP_SECONDS):
            report = read_source(Source(_PATH, data))
    except InternalError as error:
        kind, problems = "crashed", [repr(error)]
    except FpgaTfError as error:
        if len(str(error)) > _MESSAGE:
            kind, problems = "insane", [f"a message of {len(str(error))} characters"]
    except (Exception, _TooSlow) as error:  # noqa: BLE001 - any other error is what is looked for
        kind, problems = "crashed", [f"{type(error).__name__}: {error!s:.200}"]
    seconds = time.process_time() - start
    if report is not None:
        false = best_of(report, truths)
        problems = insane_values(report, _PATH, _FORMATS) + false
        kind = "read" if not problems else "false" if false else "insane"
    if seconds > _QUICK_SECONDS and (spent := units(seconds)) > SLOW_UNITS:
        kind, problems = "slow", [*problems, f"{seconds:.1f} s of processor time, {spent:.0f} units"]
    return Outcome(kind, tuple(problems), seconds)


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Stop what takes more processor time; only in the main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooSlow(f"not done in {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
