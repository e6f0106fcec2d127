"""Writing whole files and swapping folders."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from fpga_tf import files
from fpga_tf.errors import ToolError, UserError


def tree(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_atomic_write_makes_the_folder_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    files.atomic_write(path, "µ")
    assert path.read_bytes() == "µ".encode()
    files.atomic_write(path, b"\0")
    assert path.read_bytes() == b"\0"
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


def test_a_folder_that_no_file_system_makes_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="a folder must be made") as caught:
        files.atomic_write(Path("/proc/fpga_tf/x.txt"), "")
    assert caught.value.where == "/proc/fpga_tf"
    (tmp_path / "src").mkdir()
    with pytest.raises(ToolError, match="a folder must be made"):
        files.replace_tree(tmp_path / "src", Path("/proc/fpga_tf/x"))


def test_atomic_write_gives_the_mode_that_the_umask_says(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        files.atomic_write(tmp_path / "x", "")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ToolError) as caught:
        files.atomic_write(path, "new")
    assert str(caught.value) == (
        "files must be written, not refused by the file system (No space left on device)\n"
        f"  at   {path}\n"
        "  hint the disk is full: free some space and run again"
    )
    assert tree(tmp_path) == {"x": "old"}


def test_atomic_write_takes_the_place_of_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, found in (("pipe", "a device or a pipe"), ("folder", "a folder")):
        with pytest.raises(UserError, match=f"the output must be a file, not {found}"):
            files.atomic_write(tmp_path / name, "")
    assert (tmp_path / "pipe").is_fifo() and sorted(p.name for p in tmp_path.iterdir()) == ["folder", "pipe"]


def test_an_error_that_is_not_the_disks_passes_through(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), files.disk_errors(tmp_path):
        tmp_path.read_bytes()


def test_sha256_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256_file(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def make(folder: Path, **contents: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in contents.items():
        (folder / name).write_text(text)
    return folder


def test_replace_tree_puts_a_folder_in_the_place_of_another(tmp_path: Path) -> None:
    dst = tmp_path / "p" / "[x]*"
    files.replace_tree(make(tmp_path / "one", a="1"), dst)
    assert tree(dst) == {"a": "1"}
    files.replace_tree(make(tmp_path / "two", b="2"), dst)
    assert tree(tmp_path) == {"one/a": "1", "two/b": "2", "p/[x]*/b": "2"}
    assert [p.name for p in dst.parent.iterdir()] == ["[x]*"]


def test_replace_tree_removes_what_a_killed_run_left(tmp_path: Path) -> None:
    make(tmp_path / ".dst.abcdefgh.part" / "old", a="1")
    others = {f".{name}.abcdefgh.part/a": "1" for name in ("other", "dst.too")}
    for name in others:
        make(tmp_path / Path(name).parent, a="1")
    files.replace_tree(make(tmp_path / "src", a="2"), tmp_path / "dst")
    assert tree(tmp_path) == {"src/a": "2", "dst/a": "2", **others}


def test_replace_tree_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    src, dst = make(tmp_path / "src", a="new"), make(tmp_path / "dst", a="old")
    real = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == "new" and target == dst:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(ToolError, match="must be written"):
        files.replace_tree(src, dst)
    assert tree(dst) == {"a": "old"}


def test_replace_tree_copies_all_but_one_file(tmp_path: Path) -> None:
    src = make(tmp_path / "src", a="1", entry="2")
    make(src / "inner", entry="3")
    (src / "link").symlink_to("a")
    os.utime(src / "a", (1, 1))
    dst = tmp_path / "dst"
    files.replace_tree(src, dst, without="entry")
    assert tree(dst) == {"a": "1", "link": "1", "inner/entry": "3"}
    assert (dst / "link").readlink() == Path("a")
    assert (dst / "a").stat().st_mtime == 1


def test_replace_tree_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    src, dst = make(tmp_path / "src", a="new"), make(tmp_path / "dst", a="old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copy2", full)
    with pytest.raises(ToolError, match="No space left on device") as caught:
        files.replace_tree(src, dst)
    assert caught.value.hint == "the disk is full: free some space and run again"
    assert tree(tmp_path) == {"src/a": "new", "dst/a": "old"}


def test_replace_tree_refuses_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    src = make(tmp_path / "src", a="new")
    home = make(tmp_path / "home", thesis="three years")
    with pytest.raises(UserError) as caught:
        files.replace_tree(src, home, marker="manifest.json")
    assert str(caught.value) == (
        "a folder to be replaced must be empty or hold manifest.json, not other files\n"
        f"  at   {home}\n"
        "  hint name another project folder, or empty this one yourself"
    )
    assert tree(home) == {"thesis": "three years"}
    files.replace_tree(src, make(tmp_path / "ours", **{"manifest.json": "{}"}), marker="manifest.json")
    files.replace_tree(tmp_path / "ours", make(tmp_path / "empty"), marker="manifest.json")
    assert tree(tmp_path / "empty") == {"a": "new"}


def test_replace_tree_refuses_a_file_and_a_link(tmp_path: Path) -> None:
    src = make(tmp_path / "src", a="new")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(make(tmp_path / "there", a="old"))
    for name in ("file", "link"):
        with pytest.raises(UserError, match="must be a folder, not a file or a link"):
            files.replace_tree(src, tmp_path / name)
    assert tree(tmp_path / "there") == {"a": "old"}
