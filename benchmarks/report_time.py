"""CPU time of `fpga-tf report` on one csynth.xml, above that of starting Python.

Medians of user plus system time of the child process, for each format, as seconds and as a ratio to `python -c pass`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

REPORT = Path(__file__).parents[1] / "tests" / "reports" / "data" / "vitis_csynth.xml"
RUNS = 5


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one process."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def median(arguments: list[str]) -> float:
    """Median over several runs; the first, which may compile, is left out."""
    return statistics.median([cpu_seconds(arguments) for _ in range(RUNS + 1)][1:])


if __name__ == "__main__":
    report = sys.argv[1] if len(sys.argv) > 1 else str(REPORT)
    bare = median(["-c", "pass"])
    print(f"python -c pass: {bare:.3f} s of CPU")
    for name in ("text", "json", "csv", "md", "html", "junit"):
        whole = median(["-m", "fpga_tf.cli.main", "report", report, "--format", name, "--latency-us", "2"])
        print(f"{name:<6} {whole:.3f} s, {whole - bare:.3f} s above, ratio {whole / bare:.1f}")
