"""What a reader of public jets gives, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import UserError

Cut = Literal["none", "zero-soft", "compact"]
Normalise = Literal["none", "standard", "robust"]
Padding = Literal["normalised", "zero"]
T = TypeVar("T")


@dataclass(frozen=True)
class Chunk:
    """Some jets of a file.

    Attributes:
        x: (n, particles, features), not normalised; slots without a particle are zero.
        y: (n,), indices of classes.
        w: weights (n,), or None if the format has none.
        read: rows of the file that were read for it, n or more: some cuts leave out jets.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    w: NDArray[np.float32] | None
    read: int


@dataclass(frozen=True)
class Wanted:
    """What is asked of a reader.

    Attributes:
        particles: slots of a jet.
        features: names of the features, one of those that the format has.
        cut: what becomes of soft particles.
    """

    particles: int
    features: tuple[str, ...]
    cut: Cut


@dataclass(frozen=True)
class Source:
    """Jets of one file with the same purpose.

    Attributes:
        path: the file.
        rows: number of jets.
        evaluation: they are for evaluation only.
        chunks: reads them; raises UserError at what is wrong with them.
    """

    path: Path
    rows: int
    evaluation: bool
    chunks: Callable[[], Iterator[Chunk]]


@dataclass(frozen=True)
class JetFormat:
    """A public layout of jets.

    Attributes:
        name: what the command line calls it.
        endings: how names of its files end.
        classes: names of the classes in the order of the labels.
        features: the choices of features, the default first.
        particles: slots by default.
        particles_max: slots that the format may have at most.
        cuts, normalisations: what may be asked, the default first.
        padding: the default.
        sources: opens one file, checks its layout and gives its jets; raises UserError.
    """

    name: str
    endings: tuple[str, ...]
    classes: tuple[str, ...]
    features: tuple[tuple[str, ...], ...]
    particles: int
    particles_max: int
    cuts: tuple[Cut, ...]
    normalisations: tuple[Normalise, ...]
    padding: Padding
    sources: Callable[[Path, bool, Wanted], list[Source]]

    def wanted(self, particles: int | None, features: int | None, cut: str | None) -> Wanted:
        """What is asked of the reader, defaults filled in.

        Raises:
            UserError: the format does not have it.
        """
        slots = self.particles if particles is None else particles
        if not 1 <= slots <= self.particles_max:
            raise UserError(f"--particles must be 1 to {self.particles_max} for {self.name}, not {slots}")
        by_number = {len(names): names for names in self.features}
        number = len(self.features[0]) if features is None else features
        names = by_number[self.one_of("--features", number, tuple(by_number))]
        return Wanted(slots, names, self.one_of("--cut", self.cuts[0] if cut is None else cut, self.cuts))

    def normalisation(self, asked: str | None) -> Normalise:
        """What is asked of the normalisation, or the default.

        Raises:
            UserError: the format does not have it.
        """
        found = self.normalisations[0] if asked is None else asked
        return self.one_of("--normalise", found, self.normalisations)

    def one_of(self, option: str, value: object, choices: tuple[T, ...]) -> T:
        """The choice that equals the value.

        Raises:
            UserError: there is none.
        """
        for choice in choices:
            if choice == value:
                return choice
        wanted = " or ".join(map(str, choices))
        raise UserError(f"{option} must be {wanted} for {self.name}, not {value}")


def within(asked: int, have: int, where: str) -> None:
    """Refuse more slots than a file has.

    Raises:
        UserError: it has fewer.
    """
    if asked > have:
        raise UserError(f"--particles must be at most {have}, as the file has, not {asked}", where=where)
