#!/usr/bin/env python
"""Make the shipped flavour-tagging sample, and the training set that its standardisation comes from.

    python scripts/make_jets.py --train-out TRAIN.h5

needs the extra `jets` (PYTHIA 8, FastJet), about three minutes of one core, and gives the same bytes every time. The
three parts are made from different seeds, and no evaluation or calibration jet may equal a training jet.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from fpga_tf.errors import FpgaTfError, InternalError
from fpga_tf.jets.config import CLASSES, JetConfig
from fpga_tf.jets.features import FEATURES, Standard
from fpga_tf.jets.generate import RawJets, generate
from fpga_tf.jets.sample import JetSample, write_sample

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("train", "eval", "calib")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "configs/data/flavour.h5", help="evaluation and calibration jets"
    )
    parser.add_argument(
        "--train-out", type=Path, help="training jets; they are made in any case but kept only if asked for"
    )
    parser.add_argument("--train-jets", type=int, default=120_000)
    parser.add_argument("--eval-jets", type=int, default=12_000)
    parser.add_argument("--calib-jets", type=int, default=4_000)
    parser.add_argument(
        "--seed", type=int, default=2024, help="of the training jets; the next two are the other parts'"
    )
    parser.add_argument("--extra-smearing", type=float, default=JetConfig.extra_smearing)
    return parser.parse_args()


def make(config: JetConfig, seed: int, count: int, part: str) -> RawJets:
    def progress(made: int) -> None:
        print(f"\r{part}: {made:,} of {count:,} jets", end="", file=sys.stderr, flush=True)

    jets = generate(config, seed, count, progress)
    print(file=sys.stderr)
    return jets


def check_apart(training: JetSample, other: JetSample, part: str) -> None:
    """No jet of `other` may be a training jet."""
    known = {jet.tobytes() for jet in training.x}
    shared = sum(jet.tobytes() in known for jet in other.x)
    if shared:
        raise InternalError(f"{part} jets must be apart from the training jets, not share {shared}")


def main() -> None:
    arguments = parse()
    config = JetConfig(extra_smearing=arguments.extra_smearing)
    counts = (arguments.train_jets, arguments.eval_jets, arguments.calib_jets)
    seeds = [arguments.seed + i for i in range(len(PARTS))]
    raw = {part: make(config, s, n, part) for part, s, n in zip(PARTS, seeds, counts, strict=True)}
    standard = Standard.of(raw["train"].features, raw["train"].counts)
    samples = {
        part: JetSample(standard.apply(jets.features, jets.counts), jets.labels, CLASSES, FEATURES)
        for part, jets in raw.items()
    }
    for part in ("eval", "calib"):
        check_apart(samples["train"], samples[part], part)
    provenance = {
        "mean": standard.mean.tolist(),
        "std": standard.std.tolist(),
        "seed": arguments.seed,
        "generator": f"pythia8mc {version('pythia8mc')}, fastjet {version('fastjet')}",
        "config": json.dumps({**asdict(config), "seeds": dict(zip(PARTS, seeds, strict=True))}, sort_keys=True),
    }
    write_sample(arguments.out, {part: samples[part] for part in ("eval", "calib")}, provenance)
    if arguments.train_out is not None:
        write_sample(arguments.train_out, {"train": samples["train"]}, provenance)
    for part, sample in samples.items():
        share = np.bincount(sample.y, minlength=len(CLASSES)) / len(sample)
        mix = ", ".join(f"{name} {value:.1%}" for name, value in zip(CLASSES, share, strict=True))
        print(f"{part}: {len(sample):,} jets ({mix}), {raw[part].counts.mean():.2f} tracks per jet")


if __name__ == "__main__":
    try:
        main()
    except FpgaTfError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
