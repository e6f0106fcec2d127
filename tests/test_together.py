"""Commands that run some at a time, within their time, and end with whoever started them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fpga_tf.together import Failure, run_together

# Writes a file, waits for another one of that name with `.go`, fails if told to.
_PROGRAM = """
import pathlib, sys, time
name, code = sys.argv[1:]
pathlib.Path(name).write_text("")
while not pathlib.Path(name + ".go").exists():
    time.sleep(0.01)
sys.exit(int(code) and f"{name} fails")
"""


def _command(name: str, code: int = 0) -> list[str]:
    return [sys.executable, "-IS", "-c", _PROGRAM, name, str(code)]


def test_as_many_run_as_may_and_each_end_is_told(tmp_path: Path) -> None:
    for name in "bcd":
        (tmp_path / f"{name}.go").write_text("")
    told: list[tuple[int, str | None]] = []

    def ended(index: int, failure: Failure | None) -> None:
        told.append((index, None if failure is None else failure.said.strip()))
        if index == 3:  # a blocks one of two places until the last of the others has ended
            (tmp_path / "a.go").write_text("")

    commands = [_command("a"), _command("b", 1), _command("c"), _command("d", 1)]
    failed = run_together(commands, tmp_path, at_once=2, ended=ended)
    assert told == [(1, "b fails"), (2, None), (3, "d fails"), (0, None)]
    assert [failure.command for failure in failed] == [commands[1], commands[3]]


def test_one_at_a_time(tmp_path: Path) -> None:
    begun: list[list[str]] = []
    for name in "abc":
        (tmp_path / f"{name}.go").write_text("")
    run_together(
        [_command(name) for name in "abc"],
        tmp_path,
        at_once=1,
        ended=lambda index, failure: begun.append(sorted(p.name for p in tmp_path.iterdir() if not p.suffix)),
    )
    assert begun == [["a"], ["a", "b"], ["a", "b", "c"]]


def test_who_takes_too_long_is_ended(tmp_path: Path) -> None:
    (failure,) = run_together([_command("a")], tmp_path, seconds=0.2)
    assert failure.said == "error: still at work after 0.2 s"


def test_what_the_listener_raises_ends_all(tmp_path: Path) -> None:
    (tmp_path / "b.go").write_text("")
    write = "import os, pathlib; pathlib.Path('pid').write_text(str(os.getpid()))\n"
    waiting = [sys.executable, "-IS", "-c", write + _PROGRAM, "a", "0"]

    def stop(index: int, failure: Failure | None) -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            pass
        raise KeyError(index)

    with pytest.raises(KeyError, match="1"):
        run_together([waiting, _command("b")], tmp_path, ended=stop)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_the_environment_is_what_is_given(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(os.environ.get('ONLY') == 'this' and 'PATH' not in os.environ and 'yes')"
    (failure,) = run_together([[sys.executable, "-IS", "-c", code]], tmp_path, environment={"ONLY": "this"})
    assert failure.said.strip() == "yes"
