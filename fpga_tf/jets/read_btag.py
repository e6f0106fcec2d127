"""The b-tagging set made of CMS Open Data that the transformers of arXiv 2402.01047 and 2409.05207 were trained on.

One HDF5 file with `x_train` and `x_test` (jets, 15, 6), standardised and padded with zeros, `y_train` and `y_test`
(jets,), 0 b, 1 c, 2 light, and `w_train` (jets,), weights. No public source names the six features.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError
from fpga_tf.jets.config import CLASSES
from fpga_tf.jets.formats import Chunk, JetFormat, Source, Wanted
from fpga_tf.jets.streamed import Rows, pieces, same_length
from fpga_tf.jets.untrusted import opened

if TYPE_CHECKING:
    import h5py

TRACKS = 15
FEATURES = tuple(f"feature_{i}" for i in range(1, 7))
_PARTS = {"train": False, "test": True}  # whether it is for evaluation


def sources(path: Path, evaluation: bool, wanted: Wanted) -> list[Source]:
    """The training and test jets of one file; of a file for evaluation only the test jets.

    Raises:
        UserError: the file does not have the layout.
    """
    found = []
    with opened(path) as file:
        for part, is_test in _PARTS.items():
            rows = len(_datasets(file, path, part)[0])
            if is_test or not evaluation:
                found.append(Source(path, rows, is_test, partial(_chunks, path, part, wanted)))
    return found


def _datasets(file: h5py.File, path: Path, part: str) -> tuple[Rows, Rows, Rows | None]:
    where = str(path)
    x = Rows(file, f"x_{part}", (None, TRACKS, len(FEATURES)), "f", where)
    y = Rows(file, f"y_{part}", (None,), "iuf", where)
    same_length(x, y)
    if _PARTS[part]:
        return x, y, None
    w = Rows(file, f"w_{part}", (None,), "iuf", where)
    same_length(x, w)
    return x, y, w


def _chunks(path: Path, part: str, wanted: Wanted) -> Iterator[Chunk]:
    with opened(path) as file:
        x, y, w = _datasets(file, path, part)
        for begin, end in pieces(len(x), x.step):
            tracks = x.finite(begin, end)[:, : wanted.particles]
            labels = _labels(y.read(begin, end), y.where, begin)
            yield Chunk(tracks, labels, None if w is None else w.finite(begin, end), end - begin)


def _labels(y: NDArray[Any], where: str, first: int) -> NDArray[np.int64]:
    wrong = np.flatnonzero(~np.isin(y, range(len(CLASSES))))
    if len(wrong):
        raise UserError(
            f"a label must be 0 to {len(CLASSES) - 1}, not {y[wrong[0]]}", where=f"{where}[{first + int(wrong[0])}]"
        )
    return y.astype(np.int64)


FORMAT = JetFormat(
    name="cms-btag",
    endings=(".h5", ".hdf5"),
    classes=CLASSES,
    features=(FEATURES,),
    particles=TRACKS,
    particles_max=TRACKS,
    cuts=("none",),
    normalisations=("none",),
    padding="zero",
    sources=sources,
)
