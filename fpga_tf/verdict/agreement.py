"""Is the firmware the model? Compares integer codes, exactly.

Both sides hold int64 codes of the same fixed-point format, so one unit of difference is one LSB. There is no tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpga_tf.errors import InternalError

Codes = NDArray[np.int64]

WORST = 5  # how many samples are shown


@dataclass(frozen=True, slots=True)
class WorstSample:
    """A sample's most wrong output.

    Attributes:
        set: name of the input set.
        sample: index in the set.
        output: index into the sample's flattened outputs.
        reference, firmware: codes.
    """

    set: str
    sample: int
    output: int
    reference: int
    firmware: int

    @property
    def lsb(self) -> int:
        """Size of the difference in LSB."""
        return abs(self.reference - self.firmware)


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """Agreement on one set of inputs.

    Attributes:
        name: of the set, such as `evaluation`.
        differing, compared: numbers of outputs.
        max_lsb: largest difference in LSB; None if nothing was compared.
        worst: samples with the largest differences, worst first, each with its most wrong output.
    """

    name: str
    differing: int
    compared: int
    max_lsb: int | None
    worst: tuple[WorstSample, ...] = ()

    @property
    def exact(self) -> bool:
        """Something was compared and nothing differed."""
        return self.compared > 0 and self.differing == 0


@dataclass(frozen=True, slots=True)
class LayerDivergence:
    """The first layer whose outputs differ, and by how much."""

    layer: str
    agreement: SetAgreement


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over all sets.

    Attributes:
        differing, compared: numbers of outputs, summed over the sets.
        max_lsb: largest difference in LSB; None if nothing was compared.
        first_diverging_layer: name of the first layer in the model's order whose outputs differ, if known.
        sets: each set by itself.
        worst: worst samples of all sets.
    """

    differing: int
    compared: int
    max_lsb: int | None
    first_diverging_layer: str | None
    sets: tuple[SetAgreement, ...]
    worst: tuple[WorstSample, ...]

    @property
    def exact(self) -> bool:
        """Every set was compared and nothing differed. Comparing nothing is no agreement."""
        return bool(self.sets) and all(one.exact for one in self.sets)

    def to_json(self) -> dict[str, Any]:
        """As JSON values: differing, compared, max_lsb, first_diverging_layer, sets, worst."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Agreement:
        """What `to_json` gave, as an Agreement again."""
        sets = tuple(SetAgreement(**{**one, "worst": _samples(one["worst"])}) for one in value["sets"])
        return cls(**{**value, "sets": sets, "worst": _samples(value["worst"])})


def _samples(values: Iterable[Mapping[str, Any]]) -> tuple[WorstSample, ...]:
    return tuple(WorstSample(**value) for value in values)


def compare(reference: Codes, firmware: Codes, *, name: str) -> SetAgreement:
    """Compare the outputs of model and firmware.

    Args:
        reference: codes of the model, shape (n, ...), int64.
        firmware: codes of the firmware, same shape and format.
        name: of the input set.

    Raises:
        InternalError: shapes differ, or the arrays are not int64 codes of n samples.
    """
    for side, codes in (("reference", reference), ("firmware", firmware)):
        if codes.dtype != np.int64 or codes.ndim < 1:
            raise InternalError(
                f"{side} codes must be int64 of shape (n, ...), not {codes.dtype} of {codes.shape}", where=name
            )
    if reference.shape != firmware.shape:
        raise InternalError(
            f"firmware codes must have the reference's shape {reference.shape}, not {firmware.shape}", where=name
        )
    left, right = reference.reshape(-1), firmware.reshape(-1)
    where = np.flatnonzero(left != right)
    lsb = _distance(left[where], right[where])
    return SetAgreement(
        name=name,
        differing=int(where.size),
        compared=int(left.size),
        max_lsb=None if left.size == 0 else int(lsb.max(initial=0)),
        worst=_worst(name, left, right, where, lsb, outputs=left.size // max(len(reference), 1)),
    )


def _distance(left: Codes, right: Codes) -> NDArray[np.uint64]:
    """|left - right|, up to 2**64 - 1: larger minus smaller, in arithmetic modulo 2**64, can't overflow."""
    high, low = np.maximum(left, right), np.minimum(left, right)
    distance: NDArray[np.uint64] = high.view(np.uint64) - low.view(np.uint64)
    return distance


def _worst(
    name: str, left: Codes, right: Codes, where: NDArray[np.intp], lsb: NDArray[np.uint64], *, outputs: int
) -> tuple[WorstSample, ...]:
    """Samples by falling difference, then by index; `where` and `lsb` list the differing outputs."""
    if where.size == 0:
        return ()
    samples = where // outputs
    starts = np.flatnonzero(np.diff(samples, prepend=-1))
    peaks = np.maximum.reduceat(lsb, starts)
    # complement, not negation: it reverses the order of unsigned numbers without overflow
    order = np.argsort(~peaks, kind="stable")[:WORST]
    ends = np.append(starts[1:], where.size)
    chosen = [starts[k] + np.argmax(lsb[starts[k] : ends[k]]) for k in order]
    return tuple(
        WorstSample(
            set=name,
            sample=int(samples[i]),
            output=int(where[i] % outputs),
            reference=int(left[where[i]]),
            firmware=int(right[where[i]]),
        )
        for i in chosen
    )


def first_divergence(layers: Iterable[tuple[str, Codes, Codes]]) -> LayerDivergence | None:
    """Find the first layer whose outputs differ.

    Args:
        layers: (layer name, reference codes, firmware codes) in the model's order; consumed only as far as needed.

    Returns:
        The layer and its differences, or None if all agree.
    """
    for name, reference, firmware in layers:
        agreement = compare(reference, firmware, name=name)
        if agreement.differing:
            return LayerDivergence(name, agreement)
    return None


def combine(sets: Iterable[SetAgreement], *, first_diverging_layer: str | None = None) -> Agreement:
    """Sum the agreement of several sets."""
    parts = tuple(sets)
    known = [part.max_lsb for part in parts if part.max_lsb is not None]
    worst = sorted((sample for part in parts for sample in part.worst), key=lambda sample: -sample.lsb)
    return Agreement(
        differing=sum(part.differing for part in parts),
        compared=sum(part.compared for part in parts),
        max_lsb=max(known, default=None),
        first_diverging_layer=first_diverging_layer,
        sets=parts,
        worst=tuple(worst[:WORST]),
    )
