"""Jets on the disk in random order, with memory for a few of them: each jet goes to a random bucket, a file, and each
bucket is shuffled when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.files import disk_errors
from fpga_tf.jets.formats import Chunk

BUCKET_BYTES = 32 << 20
"""Size of a bucket, about; one is in memory at a time."""


class Buckets:
    """A part of a sample while it is made.

    Args:
        folder: an empty folder, for the files.
        rows: jets to be expected, at most.
        particles, features: of a jet.
        rng: draws buckets and orders.
    """

    def __init__(self, folder: Path, rows: int, particles: int, features: int, rng: np.random.Generator) -> None:
        self.record = np.dtype([("x", "<f4", (particles, features)), ("y", "i1"), ("w", "<f4")])
        self.rows = 0
        self.weighted = False
        count = max(1, -(-rows * self.record.itemsize // BUCKET_BYTES))
        self._files = [folder / f"{i}" for i in range(count)]
        self._rng = rng

    def add(self, chunk: Chunk, chosen: NDArray[np.bool_]) -> None:
        """Take the chosen jets of a chunk.

        Raises:
            ToolError: the disk is full, or the like.
        """
        records = np.zeros(int(chosen.sum()), self.record)
        records["x"], records["y"] = chunk.x[chosen], chunk.y[chosen]
        if chunk.w is not None:
            records["w"] = chunk.w[chosen]
            self.weighted = True
        bucket = self._rng.integers(len(self._files), size=len(records))
        for i in np.unique(bucket):
            with disk_errors(self._files[i]), self._files[i].open("ab") as file:
                file.write(records[bucket == i].tobytes())
        self.rows += len(records)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """All particles (n, features) as float32, bucket by bucket."""
        for file in self._files:
            records = self._read(file)
            if len(records):
                yield records["x"].reshape(-1, records["x"].shape[2])

    def shuffled(self) -> Iterator[NDArray[Any]]:
        """All jets in random order, as records with x, y and w."""
        for file in self._files:
            records = self._read(file)
            if len(records):
                yield self._rng.permutation(records)

    def _read(self, file: Path) -> NDArray[Any]:
        if not file.exists():
            return np.zeros(0, self.record)
        with disk_errors(file, "read"):
            return np.fromfile(file, self.record)
