"""From tracks to the model's input: six features per track, ordered, padded and standardised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.events import Bools, Floats, Ints
from fpga_tf.jets.tracks import Tracks

FEATURES = ("log_ptfrac", "log_deltaR", "d0", "z0", "sd0", "sz0")
"""log(pt / pt of jet); log(dR + 0.001); signed logs of d0 / 20 um, z0 / 40 um and of the two significances."""

SIGNIFICANCE_MAX = 100.0
_D0_SCALE = 0.02  # mm
_Z0_SCALE = 0.04  # mm


def signed_log(value: Floats, scale: float) -> Floats:
    """sign(v) log(1 + |v| / scale): linear near zero, logarithmic in the tails, so that few bits cover both."""
    result: Floats = np.sign(value) * np.log1p(np.abs(value) / scale)
    return result


def track_features(tracks: Tracks, jet_pt: Floats) -> Floats:
    """The six `FEATURES` of each track, (n, 6), before standardisation; `jet_pt` (jets,) in GeV."""
    fraction = tracks.pt / jet_pt[tracks.jet]
    columns = [
        np.log(np.maximum(fraction, 1e-4)),
        np.log(np.hypot(tracks.d_eta, tracks.d_phi) + 1e-3),
        signed_log(tracks.d0, _D0_SCALE),
        signed_log(tracks.z0, _Z0_SCALE),
        signed_log(np.clip(tracks.d0 / tracks.sigma_d0, -SIGNIFICANCE_MAX, SIGNIFICANCE_MAX), 1.0),
        signed_log(np.clip(tracks.z0 / tracks.sigma_z0, -SIGNIFICANCE_MAX, SIGNIFICANCE_MAX), 1.0),
    ]
    return np.stack(columns, axis=1)


def pad(jet: Ints, key: Floats, values: Floats, jets: int, slots: int) -> tuple[Floats, Ints]:
    """Sort tracks into (jets, slots, k) by falling key within each jet, padded with zeros.

    Args:
        jet: jet number of each track (n,).
        key: sorting key of each track (n,); equal keys keep their order.
        values: (n, k).
        jets: number of jets.
        slots: tracks kept per jet.

    Returns:
        The array and the number of filled slots of each jet (jets,).
    """
    order = np.lexsort((-key, jet))
    jet, values = jet[order], values[order]
    counts = np.bincount(jet, minlength=jets)
    rank = np.arange(len(jet)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = rank < slots
    padded = np.zeros((jets, slots, values.shape[1]))
    padded[jet[kept], rank[kept]] = values[kept]
    return padded, np.minimum(counts, slots)


def order_key(tracks: Tracks, config: JetConfig) -> Floats:
    """What tracks are ordered by, largest first: |d0 / sigma| or pt (GeV)."""
    if config.order == "pt":
        return tracks.pt
    return np.abs(tracks.d0 / tracks.sigma_d0)


def filled(counts: Ints, slots: int) -> Bools:
    """Which slots hold a track, (jets, slots)."""
    mask: Bools = np.arange(slots) < counts[:, None]
    return mask


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation of each feature over the training jets' tracks, padding left out, each (6,)."""

    mean: Floats
    std: Floats

    @classmethod
    def of(cls, values: Floats, counts: Ints) -> Standard:
        """Measure it on values (jets, slots, k) with the given numbers of filled slots (jets,)."""
        tracks = values[filled(counts, values.shape[1])]
        return cls(tracks.mean(axis=0), tracks.std(axis=0))

    def apply(self, values: Floats, counts: Ints) -> NDArray[np.float32]:
        """(values - mean) / std in the filled slots and exactly 0 in the others, rounded to float16.

        float16 is how samples are stored: rounding here makes what is trained on equal to what is read back.
        """
        mask = filled(counts, values.shape[1])[..., None]
        scaled = np.where(mask, (values - self.mean) / self.std, 0.0)
        return scaled.astype(np.float16).astype(np.float32)
