"""A command ends with all that it started, also with what it left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fpga_tf.child import Child
from tests.flow.vendor import gone

# Starts a process that does not end when it is asked to, writes its number, and then does as it is told.
_PARENT = """
import os, signal, subprocess, sys, time
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('ready', 'w').close(); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-IS", "-c", code])
while not os.path.exists("ready"): time.sleep(0.01)
open("child.part", "w").write(str(child.pid))
os.replace("child.part", "child")
time.sleep(float(sys.argv[1]))
sys.exit(7)
"""


def start(folder: Path, seconds: float) -> Child:
    """A command that has started its process."""
    command = [sys.executable, "-IS", "-c", _PARENT, str(seconds)]
    child = Child(command, folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child.start()
    while not (folder / "child").exists():
        assert not child.ended()
        time.sleep(0.01)
    return child


def test_all_that_a_command_started_ends_with_it(tmp_path: Path) -> None:
    child = start(tmp_path, 600)
    child.stop()
    assert child.ended() and child.wait() == -signal.SIGTERM
    assert gone(tmp_path / "child")


def test_what_a_command_left_behind_is_ended_and_its_exit_code_stays(tmp_path: Path) -> None:
    child = start(tmp_path, 0)
    while not child.ended():
        time.sleep(0.01)
    assert not gone(tmp_path / "child", looks=1)
    child.stop()
    assert gone(tmp_path / "child") and child.wait() == 7


def test_a_command_that_can_not_be_started(tmp_path: Path) -> None:
    child = Child([str(tmp_path / "nothing")], tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert child.ended() and child.wait() is None
    with pytest.raises(FileNotFoundError):
        child.start()
    child.stop()
    assert child.ended() and child.wait() is None
