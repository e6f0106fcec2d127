#!/usr/bin/env python
"""Make five-class jets in the layout of the hls4ml LHC jet set.

    python scripts/make_lhc_jets.py --out FOLDER

needs the extra `jets` (PYTHIA 8, FastJet) and writes FOLDER/train and FOLDER/val, files of 10,000 jets each with as
many of each class. Every file has seeds of its own and is the same bytes each time; one that exists is left as it is,
so an interrupted call can be given again.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fpga_tf.errors import FpgaTfError
from fpga_tf.files import atomic_write
from fpga_tf.jets.lhc_config import LhcConfig
from fpga_tf.jets.lhc_generate import generate_mixed, layout_bytes
from fpga_tf.jets.lhc_layout import CLASSES


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder, made if it is missing")
    parser.add_argument("--train-files", type=int, default=16)
    parser.add_argument("--val-files", type=int, default=3)
    parser.add_argument("--per-class", type=int, default=2000, help="jets of each class in a file")
    parser.add_argument("--seed", type=int, default=3_602_260, help="of the first file; each class takes the next one")
    return parser.parse_args()


def make(path: Path, seed: int, per_class: int) -> None:
    count = per_class * len(CLASSES)

    def progress(made: int) -> None:
        print(f"\r{path}: {made:,} of {count:,} jets", end="", file=sys.stderr, flush=True)

    begin = time.process_time()
    jets = generate_mixed(LhcConfig(), seed, per_class, progress)
    atomic_write(path, layout_bytes(jets))
    print(f", {time.process_time() - begin:.0f} s of processor time", file=sys.stderr)


def main() -> None:
    arguments = parse()
    counts = {"train": arguments.train_files, "val": arguments.val_files}
    names = [(part, i) for part, count in counts.items() for i in range(count)]
    for part, i in names:
        path = arguments.out / part / f"jets_{i:03}.h5"
        # the two parts' seeds are far apart, so that more files of one never meet the other's
        first = arguments.seed + (1_000_000 if part == "val" else 0) + i * len(CLASSES)
        if not path.exists():
            make(path, first, arguments.per_class)


if __name__ == "__main__":
    try:
        main()
    except FpgaTfError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
