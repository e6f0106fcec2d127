"""Damages reports at random and reads them: each must be read right, or refused.

    fuzz_reports.py [--count N] [--seed N] [--keep FOLDER] [FOLDER ...]

Files are the project's fixtures, and those of the collection of real reports where it is there. Progress goes to
standard error, one JSON object to standard output. Exit code 1 if a file was read wrong, crashed a reader or was slow.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.reports.fuzz import FIXTURES, Mutant, Seed, mutant, read_mutant, seeds  # noqa: E402

COLLECTION = ROOT.parent / "shared" / "reports" / "files"
_SHOWN = 100
_PROGRESS_SECONDS = 5


def main() -> int:
    """Read the mutants, print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="of all mutants")
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--keep", type=Path, help="folder to write the mutants to that are findings")
    parser.add_argument("folders", nargs="*", type=Path, default=[*FIXTURES, COLLECTION])
    options = parser.parse_args()
    files = seeds([folder for folder in options.folders if folder.is_dir()])
    result = fuzz(files, options.seed, range(options.first, options.first + options.count), options.keep)
    json.dump(result, sys.stdout, indent=1)
    print()
    return 1 if result["findings"] else 0


def fuzz(files: Sequence[Seed], seed: int, numbers: range, keep: Path | None) -> dict[str, object]:
    """Read mutants.

    Args:
        files: what to damage.
        seed: of all mutants.
        numbers: of the mutants.
        keep: folder to write findings to.

    Returns:
        Counts by format of the whole file and outcome, the slowest input, and the findings.
    """
    counts: dict[str, Counter[str]] = {file.format: Counter() for file in files}
    findings = []
    worst = (0.0, "")
    began = shown = time.monotonic()
    cpu = time.process_time()
    for done, number in enumerate(numbers):
        made = mutant(files, seed, number)
        outcome = read_mutant(made)
        counts[made.seed.format][outcome.kind] += 1
        worst = max(worst, (outcome.seconds, str(made)))
        if outcome.problems:
            findings.append({"kind": outcome.kind, "mutant": str(made), "problems": outcome.problems[:5]})
            _keep(made, keep)
        if time.monotonic() - shown > _PROGRESS_SECONDS:
            shown = time.monotonic()
            left = (shown - began) / (done + 1) * (len(numbers) - done - 1)
            print(f"{done + 1} of {len(numbers)}, {len(findings)} findings, {left:.0f} s left", file=sys.stderr)
    return {
        "seed": seed,
        "files": len(files),
        "mutants": len(numbers),
        "outcomes": dict(sum(counts.values(), Counter())),
        "formats": {name: dict(sorted(count.items())) for name, count in sorted(counts.items())},
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "worst_cpu_seconds": round(worst[0], 3),
        "worst_input": worst[1],
        "findings": len(findings),
        "first_findings": findings[:_SHOWN],
    }


def _keep(made: Mutant, folder: Path | None) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{made.number}-{made.seed.path.name}").write_bytes(made.data)


if __name__ == "__main__":
    sys.exit(main())
