"""From public jets to a sample of our own layout: split, normalise, shuffle, write, with bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.files import disk_errors
from fpga_tf.jets.buckets import Buckets
from fpga_tf.jets.formats import Source, Wanted
from fpga_tf.jets.hdf5 import new_file
from fpga_tf.jets.normalise import Scale

PARTS = ("train", "valid", "calib", "eval")
_WEIGHTED = ("train", "valid")
Advance = Callable[[float, float], None]


@dataclass(frozen=True)
class Split:
    """How jets are split.

    Attributes:
        valid_share: of the jets that are not for evaluation; the calibration jets are part of it.
        eval_share: of all jets, where no file is for evaluation.
        calib: calibration jets; None: 4,000, but at most half of the validation share.
        train_jets: jets used besides those for evaluation, at most; None: all.
        eval_jets: jets for evaluation, at most; None: all.
    """

    valid_share: float = 0.1
    eval_share: float = 0.3
    calib: int | None = None
    train_jets: int | None = None
    eval_jets: int | None = None

    def quotas(self, sources: Sequence[Source]) -> tuple[dict[str, int], dict[str, int]]:
        """Jets by part that are drawn from the files for training, and from those for evaluation.

        Raises:
            UserError: a part is left without jets, or there are fewer validation jets than calibration jets.
        """
        rows, held = (sum(s.rows for s in sources if s.evaluation is e) for e in (False, True))
        inside = 0 if held else round(self.eval_share * rows)
        usable = min(rows - inside, self.train_jets or rows)
        valid = round(self.valid_share * usable)
        calib = min(4000, valid // 2) if self.calib is None else self.calib
        if calib > valid:
            raise UserError(f"--calib must be at most the {valid:,} jets of the validation share, not {calib:,}")
        drawn = {"train": usable - valid, "valid": valid - calib, "calib": calib}
        limit = self.eval_jets or max(held, inside)
        if held:
            apart = {"eval": min(held, limit)}
        else:
            drawn["eval"], apart = min(inside, limit), {}
        if not drawn["train"] or not {**drawn, **apart}["eval"]:
            raise UserError(
                f"there must be jets for training and for evaluation, not {rows:,} and {held:,} in the files",
                hint="give files for training, and files for evaluation with --eval or a share with --eval-share",
            )
        return drawn, apart


class Draw:
    """Draws jets without replacement as they pass, exactly as many for each part as asked.

    Each jet goes to a part with the probability that the part's remaining quota has among the remaining jets.

    Args:
        quotas: jets by part; what they leave is left out.
        rows: jets that will pass.
        rng: draws.
    """

    def __init__(self, quotas: Mapping[str, int], rows: int, rng: np.random.Generator) -> None:
        self._left = np.array([*quotas.values(), rows - sum(quotas.values())], np.int64)
        self._rng = rng

    def next(self, rows: int) -> NDArray[np.int64]:
        """The part of each of the next jets: an index into the quotas, or their number for none."""
        counts = self._rng.multivariate_hypergeometric(self._left, rows)
        self._left -= counts
        return self._rng.permutation(np.repeat(np.arange(len(counts)), counts))


def fill(
    sources: Sequence[Source], wanted: Wanted, split: Split, seed: int, folder: Path, advance: Advance
) -> dict[str, Buckets]:
    """Read all files once and sort their jets into the parts, each a folder of files below `folder`.

    Args:
        sources: from the format's reader, checked.
        wanted: particles and features.
        split: how many jets where.
        seed: of everything random.
        folder: empty.
        advance: told jets read and jets to read.

    Raises:
        UserError: a file holds something else than its layout says, or a part is left without jets.
        ToolError: the disk is full, or the like.
    """
    streams = iter(np.random.SeedSequence(seed).spawn(len(PARTS) + 2))
    drawn, apart = split.quotas(sources)
    parts = {}
    for name in PARTS:
        with disk_errors(folder):
            (folder / name).mkdir()
        rng = np.random.default_rng(next(streams))
        rows = {**drawn, **apart}[name]
        parts[name] = Buckets(folder / name, rows, wanted.particles, len(wanted.features), rng)
    total, done = sum(source.rows for source in sources), 0
    for quotas, evaluation in ((drawn, False), (apart, True)):
        own = [source for source in sources if source.evaluation is evaluation]
        draw = Draw(quotas, sum(source.rows for source in own), np.random.default_rng(next(streams)))
        for chunk in (chunk for source in own for chunk in source.chunks()):
            part = draw.next(chunk.read)[: len(chunk.x)]
            for i, name in enumerate(quotas):
                parts[name].add(chunk, part == i)
            done += chunk.read
            advance(done, total)
    for name in ("train", "eval"):
        if not parts[name].rows:
            raise UserError(f"there must be jets for {name} after the cut, not none")
    return parts


def training_blocks(parts: Mapping[str, Buckets]) -> Iterator[NDArray[np.float32]]:
    """All particles that a normalisation is measured on: those of training, validation and calibration."""
    for name in PARTS[:-1]:
        yield from parts[name].blocks()


def write(
    path: Path, parts: Mapping[str, Buckets], scale: Scale, attributes: Mapping[str, Any], advance: Advance
) -> dict[str, NDArray[np.int64]]:
    """Write the parts in random order: `x_<part>` in float16, `y_<part>` in int8, `w_<part>` in float32.

    Parts without jets are left out. Equal arguments give equal bytes (with the same HDF5 library).

    Args:
        path: a new file.
        parts: from `fill`.
        scale: the normalisation.
        attributes: of the file's root.
        advance: told jets written and jets to write.

    Returns:
        Jets by class, by part.

    Raises:
        UserError: a normalised value is too large for float16.
        ToolError: the disk is full, or the like.
    """
    classes, total, counts = len(attributes["classes"]), sum(part.rows for part in parts.values()), {}
    done = 0
    with disk_errors(path), new_file(path) as file:
        for name, part in parts.items():
            begin = 0
            counts[name] = np.zeros(classes, np.int64)
            for records in part.shuffled():
                end = begin + len(records)
                for key, values in _columns(name, part, records, scale).items():
                    _dataset(file, f"{key}_{name}", part.rows, values)[begin:end] = values
                counts[name] += np.bincount(records["y"], minlength=classes)
                begin, done = end, done + len(records)
                advance(done, total)
        for key, value in attributes.items():
            file.attrs[key] = value
    with disk_errors(path), path.open("rb") as whole:
        os.fsync(whole.fileno())
    return counts


def _columns(name: str, part: Buckets, records: NDArray[Any], scale: Scale) -> dict[str, NDArray[Any]]:
    x = scale.apply(records["x"])
    largest = float(np.finfo(np.float16).max)
    if not (np.abs(x) <= largest).all():
        raise UserError(
            f"x_{name} must be within +-{largest:g} once normalised, the range of float16, not {np.abs(x).max():g}"
        )
    columns = {"x": x.astype(np.float16), "y": records["y"]}
    return {**columns, "w": records["w"]} if part.weighted and name in _WEIGHTED else columns


def _dataset(file: Any, name: str, rows: int, values: NDArray[Any]) -> Any:
    if name in file:
        return file[name]
    chunk = (min(1024, rows), *values.shape[1:])
    options = {"compression": "gzip", "compression_opts": 4, "shuffle": True, "track_times": False}
    return file.create_dataset(name, (rows, *values.shape[1:]), values.dtype, chunks=chunk, **options)
