"""The main job from nothing to a verdict and again: seconds per step and peak memory of all processes."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def measured(config: Path, project: Path, store: Path) -> dict[str, Any]:
    """One run in a process of its own. Memory is the largest of any single process below it, in MB."""
    command = [
        sys.executable,
        "-m",
        "fpga_tf.cli.main",
        "run",
        str(config),
        "--project",
        str(project),
        "--format",
        "json",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "FPGA_TF_STORE": str(store)}, check=False
    )
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(done.stdout)
    return {
        "exit_code": done.returncode,
        "verdict": result.get("verdict"),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "largest_process_mb": round(after.ru_maxrss / 1024),
        "steps": {step["name"]: round(step["seconds"], 2) for step in result.get("steps", [])},
        "differing": result["agreement"]["differing"],
        "compared": result["agreement"]["compared"],
    }


def main() -> None:
    """Print cold, warm and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", nargs="?", type=Path, default=ROOT / "configs" / "jet_flavour.yaml")
    config = parser.parse_args().config
    with tempfile.TemporaryDirectory(prefix="fpga_tf-benchmark-") as name:
        folder = Path(name)
        cold = measured(config, folder / "project", folder / "store")
        warm = measured(config, folder / "project", folder / "store")
    print(
        json.dumps(
            {"cold": cold, "warm": warm, "warm_over_cold": round(warm["seconds"] / cold["seconds"], 4)}, indent=1
        )
    )


if __name__ == "__main__":
    main()
