"""A file is replaced as a whole or not at all, by one run at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow.scratch import replacing


def test_success_replaces_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.h5"
    for text in ("one", "two"):
        with replacing(path) as new:
            (new.parent / "part").mkdir()
            (new.parent / "part" / "0").write_text("rubbish")
            new.write_text(text)
        assert path.read_text() == text
    assert [p.name for p in path.parent.iterdir()] == ["a.h5"]


def test_failure_leaves_what_was(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as new:
        new.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_emptied(tmp_path: Path) -> None:
    left = tmp_path / ".a.h5.part"
    (left / "train").mkdir(parents=True)
    (left / "train" / "0").write_text("rubbish")
    (left / "new").write_text("half")
    with replacing(tmp_path / "a.h5") as new:
        assert list(new.parent.iterdir()) == []
        new.write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_two_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with replacing(path) as new:
        new.write_text("mine")
        with pytest.raises(ToolError, match="must be made by one run at a time"), replacing(path):
            pass
        assert new.read_text() == "mine"
    assert path.read_text() == "mine"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the output must be a file, not a folder"), replacing(tmp_path):
        pass


def test_a_pipe_or_a_device_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused = pytest.raises(UserError, match="the output must be a file, not a device or a pipe")
    with refused, replacing(tmp_path / "pipe"):
        pass
    assert (tmp_path / "pipe").is_fifo() and len(list(tmp_path.iterdir())) == 1


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("kept")
    (tmp_path / ".a.h5.part").symlink_to(victim)
    with pytest.raises(ToolError), replacing(tmp_path / "a.h5"):
        pass
    assert (victim / "precious").read_text() == "kept"
