"""Plugin of pytest: a tagger's test suite holds its firmware against the baseline in the repository.

    def test_tagger(fpga_tf_regression):
        fpga_tf_regression("tagger.yaml", "tagger.baseline.json")

The run is a process of its own: Keras and TensorFlow of the test suite, and what it has done to them, decide nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Regression = Callable[[str | os.PathLike[str], str | os.PathLike[str]], None]
_OPTION = "--fpga-tf-update"
_FAILED = 1
_PROGRESS = re.compile(r"^\[\d+/\d+\] .*\n", re.MULTILINE)  # lines of steps


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that records baselines anew."""
    parser.getgroup("fpga_tf").addoption(
        _OPTION, action="store_true", help="Record the baselines of fpga_tf_regression anew; their limits stay."
    )


@pytest.fixture
def fpga_tf_regression(request: pytest.FixtureRequest) -> Regression:
    """Call with a configuration and its baseline: fails, with the table of what moved, where `fpga-tf regress` does.

    Relative paths count from the folder of the test's file. With `--fpga-tf-update` the baseline is recorded instead.
    """
    folder, update = request.path.parent, bool(request.config.getoption(_OPTION))

    def check(config: str | os.PathLike[str], baseline: str | os.PathLike[str]) -> None:
        if update:
            done = _command(folder, "baseline", config, "--out", baseline, "--update")
        else:
            done = _command(folder, "regress", config, "--baseline", baseline)
        said = _PROGRESS.sub("", done.stdout)
        if done.returncode == _FAILED:
            pytest.fail(f"{Path(config).name}\n{said}{_advice(update)}", pytrace=False)
        if done.returncode:
            pytest.fail(f"fpga-tf: exit code {done.returncode}\n{done.stderr}", pytrace=False)
        sys.stdout.write(said)  # seen with -s or -rP

    return check


def _command(folder: Path, *arguments: str | os.PathLike[str]) -> subprocess.CompletedProcess[str]:
    # -P: a module in the tests' folder must not stand for one of ours
    command = [sys.executable, "-P", "-m", "fpga_tf.cli.main", *(os.fspath(one) for one in arguments), "--no-color"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", check=False
    )  # no time limit: pytest's own are better


def _advice(update: bool) -> str:
    return "" if update else f"  or with pytest {_OPTION}\n"
