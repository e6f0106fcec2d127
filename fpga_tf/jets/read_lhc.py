"""The hls4ml LHC jet set: layout in `lhc_layout`, and the three ways in which codes treat its soft particles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.formats import Chunk, Cut, JetFormat, Source, Wanted, within
from fpga_tf.jets.lhc_layout import (
    CLASSES,
    COLUMNS,
    FIRST_LABEL,
    JET_COLUMNS,
    JET_NAMES,
    JETS,
    PARTICLE_NAMES,
    PARTICLES,
    THREE,
)
from fpga_tf.jets.streamed import Rows, one_hot, pieces, same_length
from fpga_tf.jets.untrusted import opened

if TYPE_CHECKING:
    import h5py

PT_CUT = 2.0  # GeV
_PT = COLUMNS.index("pt")
_LABELS = list(range(FIRST_LABEL, FIRST_LABEL + len(CLASSES)))


def sources(path: Path, evaluation: bool, wanted: Wanted) -> list[Source]:
    """The jets of one file.

    Raises:
        UserError: the file does not have the layout, or fewer slots than wanted.
    """
    with opened(path) as file:
        particles, _ = _datasets(file, path)
        within(wanted.particles, particles.shape[1], particles.where)
        return [Source(path, len(particles), evaluation, lambda: _chunks(path, wanted))]


def _datasets(file: h5py.File, path: Path) -> tuple[Rows, Rows]:
    where = str(path)
    particles = Rows(file, PARTICLES, (None, None, len(COLUMNS)), "f", where)
    jets = Rows(file, JETS, (None, len(JET_COLUMNS)), "f", where)
    same_length(particles, jets)
    for name, prefix, expected in ((PARTICLE_NAMES, "j1_", COLUMNS), (JET_NAMES, "j_", JET_COLUMNS)):
        if name in file:  # files made from the published ones often lack the names
            _check_names(Rows(file, name, (None,), "SO", where), prefix, expected)
    return particles, jets


def _check_names(found: Rows, prefix: str, expected: tuple[str, ...]) -> None:
    read = found.read(0, min(len(found), len(expected))).tolist()
    names = [name.decode("ascii", "replace") if isinstance(name, bytes) else str(name) for name in read]
    for i, name in enumerate(expected):
        if i >= len(names) or names[i] != prefix + name:
            have = repr(names[i]) if i < len(names) else "nothing"
            raise UserError(f"column {i} must be named {prefix + name!r}, not {have}", where=found.where)


def _chunks(path: Path, wanted: Wanted) -> Iterator[Chunk]:
    columns = list(THREE if len(wanted.features) == len(THREE) else range(len(COLUMNS)))
    with opened(path) as file:
        particles, jets = _datasets(file, path)
        for begin, end in pieces(len(particles), particles.step):
            y = one_hot(jets.finite(begin, end, _LABELS)[:, _LABELS], jets.where, begin)
            x, kept = cut(particles.finite(begin, end, columns), wanted.cut, wanted.particles)
            yield Chunk(x[..., columns], y[kept], None, end - begin)


def cut(x: NDArray[np.float32], kind: Cut, slots: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The first `slots` particles of jets (n, particles, 16), and which jets are kept (n,).

    `none` slices; `zero-soft` slices and makes zero what has not pt >= 2 GeV, which leaves gaps where particles are not
    ordered by pt; `compact` drops what has not pt > 2 GeV, closes the gaps, slices, and drops jets that are left empty.
    """
    if kind == "none":
        return x[:, :slots], np.ones(len(x), bool)
    if kind == "zero-soft":
        x = x[:, :slots]
        return np.where(x[..., _PT, None] >= PT_CUT, x, np.float32(0)), np.ones(len(x), bool)
    hard = x[..., _PT] > PT_CUT
    order = np.argsort(~hard, axis=1, kind="stable")[:, :slots]
    packed = np.take_along_axis(np.where(hard[..., None], x, np.float32(0)), order[..., None], axis=1)
    kept = np.asarray(hard.any(axis=1))
    return packed[kept], kept


FORMAT = JetFormat(
    name="lhc-jets",
    endings=(".h5", ".hdf5"),
    classes=CLASSES,
    features=(tuple(COLUMNS[i] for i in THREE), COLUMNS),
    particles=16,
    particles_max=150,
    cuts=("none", "zero-soft", "compact"),
    normalisations=("standard", "robust", "none"),
    padding="normalised",
    sources=sources,
)
