"""`fpga-tf data`: public jets brought into our own layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import fpga_tf
from fpga_tf.errors import UserError
from fpga_tf.files import disk_errors, sha256_file
from fpga_tf.flow.scratch import replacing

if TYPE_CHECKING:
    from fpga_tf.flow.progress import Progress
    from fpga_tf.jets.formats import JetFormat, Source, Wanted
    from fpga_tf.jets.normalise import Scale

FORMATS = ("lhc-jets", "jetclass", "cms-btag", "jetnet")
CUTS = ("none", "zero-soft", "compact")
NORMALISATIONS = ("none", "standard", "robust")
PARTS = ("train", "valid", "calib", "eval")
SEED = 2026


@dataclass(frozen=True)
class Request:
    """What is asked; None is the format's default, or no limit.

    Attributes:
        format: one of `FORMATS`.
        inputs: files, or folders of them.
        evaluation: files, or folders of them, whose jets are for evaluation only.
        out: the file to be made.
        particles: slots of a jet.
        features: number of features.
        cut, normalise, padding: how jets are prepared.
        seed: of everything random.
        valid_share, eval_share: what is held back of the training jets, and for evaluation without `evaluation`.
        calib: calibration jets.
        train_jets, eval_jets: jets used, at most.
        only: parts that are written; all if there are none.
    """

    format: str
    inputs: tuple[Path, ...]
    evaluation: tuple[Path, ...]
    out: Path
    particles: int | None = None
    features: int | None = None
    cut: str | None = None
    normalise: str | None = None
    padding: Literal["normalised", "zero"] | None = None
    seed: int = SEED
    valid_share: float = 0.1
    eval_share: float = 0.3
    calib: int | None = None
    train_jets: int | None = None
    eval_jets: int | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        out: the file.
        shape: of a jet, particles and features.
        features: their names.
        counts: jets by class, by part.
        subtract, divide: the normalisation, by feature.
    """

    out: Path
    shape: tuple[int, int]
    features: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    subtract: tuple[float, ...]
    divide: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "out": str(self.out),
            "shape": list(self.shape),
            "features": list(self.features),
            "jets": self.counts,
            "subtract": list(self.subtract),
            "divide": list(self.divide),
        }


def make(request: Request, progress: Progress) -> Made:
    """Read, split, normalise and write. The output is whole or as before.

    Raises:
        UserError: wrong use, or a file that does not have the format's layout.
        ToolError: disk full, no right to write, or the like.
    """
    from fpga_tf.jets.normalise import measure
    from fpga_tf.jets.prepare import Split, fill, training_blocks, write

    kind = _format(request.format)
    wanted = kind.wanted(request.particles, request.features, request.cut)
    normalisation, padding = kind.normalisation(request.normalise), request.padding or kind.padding
    split = Split(request.valid_share, request.eval_share, request.calib, request.train_jets, request.eval_jets)
    progress.plan(5)
    with progress.step("look into the files"):
        sources = _sources(kind, wanted, request)
        drawn, apart = split.quotas(sources)
        if request.only and not any({**drawn, **apart}[name] for name in request.only):
            raise UserError(f"--only must name a part that gets jets, not just {' and '.join(request.only)}")
    with progress.step("take their digests") as step:
        files = list(dict.fromkeys(source.path for source in sources))
        digests = {}
        for i, path in enumerate(files):
            with disk_errors(path, "read"):
                digests[path] = sha256_file(path)
            step.advance(i + 1, len(files))
    with replacing(request.out) as new:
        with progress.step(f"read {sum(source.rows for source in sources):,} jets") as step:
            parts = fill(sources, wanted, split, request.seed, new.parent, step.advance)
        with progress.step("measure the normalisation"):
            scale = measure(lambda: training_blocks(parts), wanted.features, normalisation, padding)
        told = {"cut": wanted.cut, "normalise": normalisation, "padding": padding, "seed": request.seed}
        attributes = _attributes(kind, wanted, scale, told, sources, digests)
        with progress.step("write") as step:
            chosen = {name: part for name, part in parts.items() if not request.only or name in request.only}
            counts = write(new, chosen, scale, attributes, step.advance)
    named = {part: dict(zip(kind.classes, n.tolist(), strict=True)) for part, n in counts.items() if n.sum()}
    constants = tuple(scale.subtract.tolist()), tuple(scale.divide.tolist())
    return Made(request.out, (wanted.particles, len(wanted.features)), wanted.features, named, *constants)


def _format(name: str) -> JetFormat:
    from fpga_tf.jets import read_btag, read_jetclass, read_jetnet, read_lhc

    kinds: list[JetFormat] = [read_lhc.FORMAT, read_jetclass.FORMAT, read_btag.FORMAT, read_jetnet.FORMAT]
    return next(kind for kind in kinds if kind.name == name)


def _sources(kind: JetFormat, wanted: Wanted, request: Request) -> list[Source]:
    found: list[Source] = []
    seen: set[Path] = set()
    for paths, evaluation in ((request.inputs, False), (request.evaluation, True)):
        for path in _files(paths, kind.endings):
            if path.resolve() in seen:
                raise UserError("a file must be given once, not twice", where=str(path))
            seen.add(path.resolve())
            found += kind.sources(path, evaluation, wanted)
    if request.out.resolve() in seen:
        raise UserError("the output must be none of the inputs", where=str(request.out))
    return found


def _files(paths: Iterable[Path], endings: Sequence[str]) -> list[Path]:
    found = []
    for path in paths:
        if not path.exists():
            raise UserError("the jets must be an existing file or folder", where=str(path), hint="check the path")
        inside = sorted(p for p in path.iterdir() if p.suffix in endings) if path.is_dir() else [path]
        if not inside:
            raise UserError(f"a folder must hold files that end in {' or '.join(endings)}", where=str(path))
        found += inside
    return found


def _attributes(
    kind: JetFormat,
    wanted: Wanted,
    scale: Scale,
    told: Mapping[str, str | int],
    sources: Sequence[Source],
    digests: dict[Path, str],
) -> dict[str, Any]:
    """What the file says of itself."""
    files = [
        {"name": s.path.name, "sha256": digests[s.path], "jets": s.rows, "evaluation": s.evaluation} for s in sources
    ]
    return {
        "classes": list(kind.classes),
        "features": list(wanted.features),
        "format": kind.name,
        **told,
        "subtract": scale.subtract,
        "divide": scale.divide,
        "sources": json.dumps(files),
        "made_by": f"fpga_tf {fpga_tf.__version__}",
    }
