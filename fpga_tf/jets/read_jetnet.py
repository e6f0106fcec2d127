"""JetNet (Kansal et al., Zenodo 6975118 with 30 and 6975117 with 150 particles): one HDF5 file for each class.

`particle_features` (jets, 30, 4) holds etarel, phirel, ptrel and a mask that is 1 where there is a particle,
`jet_features` (jets, 4) the jet's pt, eta, mass and number of particles. The class is the file's name: g.hdf5,
q150.hdf5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.formats import Chunk, JetFormat, Source, Wanted, within
from fpga_tf.jets.streamed import Rows, pieces, same_length
from fpga_tf.jets.untrusted import opened

if TYPE_CHECKING:
    import h5py

CLASSES = ("g", "q", "t", "w", "z")
FEATURES = ("etarel", "phirel", "ptrel")
_PT, _MASK = FEATURES.index("ptrel"), len(FEATURES)


def sources(path: Path, evaluation: bool, wanted: Wanted) -> list[Source]:
    """The jets of one file.

    Raises:
        UserError: the file does not have the layout or a name that tells its class, or fewer slots than wanted.
    """
    label = _label(path)
    with opened(path) as file:
        particles = _particles(file, path)
        within(wanted.particles, particles.shape[1], particles.where)
        return [Source(path, len(particles), evaluation, lambda: _chunks(path, wanted, label))]


def _label(path: Path) -> int:
    named = re.fullmatch(rf"([{''.join(CLASSES)}])(30|150)?", path.stem)
    if named is None:
        wanted = ", ".join(f"{name}.hdf5" for name in CLASSES)
        raise UserError(f"the file must be named by its class ({wanted}), not {path.name}", where=str(path))
    return CLASSES.index(named[1])


def _particles(file: h5py.File, path: Path) -> Rows:
    particles = Rows(file, "particle_features", (None, None, 4), "f", str(path))
    same_length(particles, Rows(file, "jet_features", (None, None), "f", str(path)))
    return particles


def _chunks(path: Path, wanted: Wanted, label: int) -> Iterator[Chunk]:
    with opened(path) as file:
        particles = _particles(file, path)
        for begin, end in pieces(len(particles), particles.step):
            values = particles.finite(begin, end)
            x = _ordered(values[..., :_MASK], _present(values[..., _MASK], particles.where, begin))
            yield Chunk(x[:, : wanted.particles], np.full(len(x), label, np.int64), None, end - begin)


def _present(mask: NDArray[np.float32], where: str, first: int) -> NDArray[np.bool_]:
    wrong = np.argwhere((mask != 0) & (mask != 1))
    if len(wrong):
        jet, slot = map(int, wrong[0])
        raise UserError(
            f"the mask must be 0 or 1, not {mask[jet, slot]}", where=f"{where}[{first + jet}, {slot}, {_MASK}]"
        )
    present: NDArray[np.bool_] = mask == 1
    return present


def _ordered(x: NDArray[np.float32], present: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Particles by falling pt, zeros behind them."""
    order = np.argsort(np.where(present, -x[..., _PT], np.inf), axis=1, kind="stable")
    return np.take_along_axis(np.where(present[..., None], x, np.float32(0)), order[..., None], axis=1)


FORMAT = JetFormat(
    name="jetnet",
    endings=(".hdf5", ".h5"),
    classes=CLASSES,
    features=(FEATURES,),
    particles=30,
    particles_max=150,
    cuts=("none",),
    normalisations=("standard", "robust", "none"),
    padding="zero",
    sources=sources,
)
