"""One run at a time in one project folder."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError
from fpga_tf.flow.lock import project_lock

HOLDER = """
import sys
from pathlib import Path
from fpga_tf.flow.lock import project_lock
with project_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def holder(project: Path) -> subprocess.Popen[str]:
    """Another process that has the lock until its stdin gets a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(project)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_project_where_no_folder_can_be_made_is_told() -> None:
    with pytest.raises(ToolError, match="a folder must be made") as caught, project_lock(Path("/proc/fpga_tf/p")):
        pass
    assert (caught.value.where, caught.value.hint) == ("/proc/fpga_tf", "name another folder")


def test_a_second_run_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    project = tmp_path / "out" / "p"
    with holder(project) as process:
        with pytest.raises(ToolError) as caught, project_lock(project):
            pass
        assert caught.value.exit_code == 3
        assert str(caught.value) == (
            f"a project must be used by one run at a time, not two: process {process.pid} is at work in it\n"
            f"  at   {project}\n"
            "  hint wait until it has ended, or name another folder with --project"
        )
        process.communicate("\n")
    with project_lock(project):
        pass
    assert list((tmp_path / "out").iterdir()) == []


def test_a_killed_run_blocks_nobody(tmp_path: Path) -> None:
    with holder(tmp_path / "p") as process:
        process.kill()
    assert (tmp_path / ".p.lock").exists()
    with project_lock(tmp_path / "p"):
        assert (tmp_path / ".p.lock").read_text() == f"{os.getpid()}\n"


def test_two_names_of_one_folder_are_one_lock(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "link").symlink_to("p")
    with project_lock(tmp_path / "p"), pytest.raises(ToolError), project_lock(tmp_path / "link" / ".." / "p"):
        pass
    with project_lock(tmp_path / "p"), pytest.raises(ToolError), project_lock(tmp_path / "link"):
        pass


def test_other_projects_are_free(tmp_path: Path) -> None:
    with project_lock(tmp_path / "a"), project_lock(tmp_path / "b"):
        pass


def test_an_error_in_the_run_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), project_lock(tmp_path / "p"):
        raise RuntimeError
    with project_lock(tmp_path / "p"):
        pass


def test_a_lock_file_that_vanished_while_waiting_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = fcntl.flock, []

    def flock(fd: int, operation: int) -> None:
        calls.append(operation)
        if len(calls) == 1:
            (tmp_path / ".p.lock").unlink()  # the holder ends just now
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with project_lock(tmp_path / "p"), pytest.raises(ToolError), project_lock(tmp_path / "p"):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ToolError, match="must support locks, not refuse them"), project_lock(tmp_path / "p"):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    (tmp_path / ".p.lock").symlink_to("precious")
    with pytest.raises(ToolError), project_lock(tmp_path / "p"):
        pass
    assert (tmp_path / "precious").read_text() == "data"
