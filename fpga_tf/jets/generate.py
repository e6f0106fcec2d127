"""Jets from collisions, in memory (needs the extra `jets`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fpga_tf.errors import UserError
from fpga_tf.jets.clustering import cluster
from fpga_tf.jets.config import JetConfig
from fpga_tf.jets.events import EventRecord, Floats, Ints, Jets
from fpga_tf.jets.features import order_key, pad, track_features
from fpga_tf.jets.labels import LEPTON_CONE, flavour, near, prompt_leptons
from fpga_tf.jets.pythia import next_events, start
from fpga_tf.jets.tracks import measure

EVENTS_PER_BATCH = 500  # part of the definition of a sample: the tracker's random numbers are drawn batch by batch
_TRACKER_STREAM = 7


@dataclass(frozen=True)
class RawJets:
    """Jets before standardisation.

    Attributes:
        features: (n, slots, 6), zeros where there is no track.
        counts: filled slots of each jet (n,).
        labels: class of each jet (n,).
    """

    features: Floats
    counts: Ints
    labels: Ints


def select(events: EventRecord, jets: Jets, config: JetConfig, rng: np.random.Generator) -> RawJets:
    """Label and measure the jets that are in acceptance, hold no prompt lepton and have a track."""
    tracks = measure(events, jets, config, rng)
    values = track_features(tracks, jets.pt)
    features, counts = pad(tracks.jet, order_key(tracks, config), values, len(jets), config.tracks)
    lepton = near(events, prompt_leptons(events), jets, LEPTON_CONE)
    good = (np.abs(jets.eta) < config.jet_eta_max) & ~lepton & (counts > 0)
    return RawJets(features[good], counts[good], flavour(events, jets)[good])


def generate(config: JetConfig, seed: int, count: int, progress: Callable[[int], None] | None = None) -> RawJets:
    """Make `count` jets; the same configuration, seed and count give the same bytes.

    Args:
        config: physics choices.
        seed: of PYTHIA (1 to 900,000,000) and of the tracker.
        count: number of jets.
        progress: told the number of jets made so far after every batch of collisions.

    Raises:
        UserError: the extra `jets` is missing, or count or seed is out of range.
    """
    if count < 1:
        raise UserError(f"the number of jets must be at least 1, not {count}")
    generator = start(config, seed)
    rng = np.random.default_rng([seed, _TRACKER_STREAM])
    parts: list[RawJets] = []
    made = 0
    while made < count:
        events = next_events(generator, EVENTS_PER_BATCH)
        parts.append(select(events, cluster(events, config), config, rng))
        made += len(parts[-1].labels)
        if progress is not None:
            progress(min(made, count))
    return RawJets(
        np.concatenate([part.features for part in parts])[:count],
        np.concatenate([part.counts for part in parts])[:count],
        np.concatenate([part.labels for part in parts])[:count],
    )
