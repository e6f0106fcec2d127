"""The store of builds: trusted entries only, whoever races or fails."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fpga_tf.errors import InternalError, ToolError
from fpga_tf.store import ENTRY, Store, canonical_json, default_root

KEY = Store.key({"source": "int main() {}"})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def build(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "model.so").write_bytes(b"\x7fELF" + bytes(5000))
    (folder / "log").write_text("done")


def leftovers(store: Store) -> list[str]:
    """Everything in the store that is no finished entry."""
    return sorted(p.name for p in (store.root / "v1" / "tmp").glob("*"))


def refuse(folder: Path) -> None:
    raise AssertionError("must not be called")


def test_what_was_put_is_got(store: Store) -> None:
    assert store.get(KEY) is None
    entry = store.put(KEY, build)
    assert store.get(KEY) == entry
    assert (entry / "lib" / "model.so").read_bytes()[:4] == b"\x7fELF"
    assert leftovers(store) == []
    assert stat.S_IMODE(store.root.stat().st_mode) & stat.S_IWOTH == 0


def test_another_store_object_finds_it(store: Store) -> None:
    store.put(KEY, build)
    assert Store(store.root).get(KEY) is not None
    assert Store(store.root).get(Store.key({"source": "other"})) is None


def test_keys_depend_on_every_name_byte_and_kind_and_not_on_order() -> None:
    keys = [
        Store.key({"a": "1", "b": "2"}),
        Store.key({"a": "1", "b": "3"}),
        Store.key({"a": "12", "b": ""}),
        Store.key({"a": "", "b": "12"}),
        Store.key({"a": "1b2"}),
        Store.key({"a": b"1", "b": "2"}),
        Store.key({"ab": "12"}),
        Store.key({}),
    ]
    assert len(set(keys)) == len(keys)
    assert Store.key({"b": "2", "a": "1"}) == keys[0]


def test_a_key_never_changes() -> None:
    assert KEY == "a21c23aa5c27e9b0e7dfcb3208f3d3eaf980ac05b4545d7be6f0f93999ebce32"


def test_canonical_json() -> None:
    assert canonical_json({"b": [1, 2.5, None], "a": "µ"}) == b'{"a":"\\u00b5","b":[1,2.5,null]}'
    for bad in (float("nan"), {"a": Path()}):
        with pytest.raises(InternalError, match="must be finite plain data"):
            canonical_json(bad)


def truncate(entry: Path) -> None:
    os.truncate(entry / "lib" / "model.so", 100)


def flip(entry: Path) -> None:
    raw = bytearray((entry / "lib" / "model.so").read_bytes())
    raw[2000] ^= 1
    (entry / "lib" / "model.so").write_bytes(raw)


def add(entry: Path) -> None:
    (entry / "extra").touch()


def remove(entry: Path) -> None:
    (entry / "log").unlink()


def link(entry: Path) -> None:
    (entry / "log").unlink()
    (entry / "log").symlink_to("/etc/hostname")


def no_json(entry: Path) -> None:
    (entry / ENTRY).unlink()


def empty_json(entry: Path) -> None:
    os.truncate(entry / ENTRY, 0)


def half_json(entry: Path) -> None:
    os.truncate(entry / ENTRY, 50)


def deep_json(entry: Path) -> None:
    (entry / ENTRY).write_text("[" * 100_000)


def binary_json(entry: Path) -> None:
    (entry / ENTRY).write_bytes(b"\xff\xfe\x00")


def wrong_shape(entry: Path) -> None:
    (entry / ENTRY).write_text('{"format": 1, "key": "' + KEY + '", "files": ["log"]}')


def other_key(entry: Path) -> None:
    stated = json.loads((entry / ENTRY).read_text())
    stated["key"] = "0" * 64
    (entry / ENTRY).write_text(json.dumps(stated))


def a_file(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.write_text("not a folder")


DAMAGES = [
    truncate, flip, add, remove, link, no_json, empty_json, half_json, deep_json, binary_json, wrong_shape, other_key,
    a_file,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_entry_is_absent_and_is_made_again(store: Store, damage: Callable[[Path], None]) -> None:
    entry = store.put(KEY, build)
    damage(entry)
    assert store.get(KEY) is None
    assert not entry.exists()
    assert leftovers(store) == []
    assert store.put(KEY, build) == entry
    assert store.get(KEY) == entry


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_put_replaces_a_damaged_entry(store: Store, damage: Callable[[Path], None]) -> None:
    damage(store.put(KEY, build))
    store.put(KEY, build)
    assert store.get(KEY) is not None
    assert leftovers(store) == []


def test_put_keeps_the_entry_of_a_faster_process(store: Store) -> None:
    def fast(folder: Path) -> None:
        (folder / "who").write_text("fast")

    def slow(folder: Path) -> None:
        (folder / "who").write_text("slow")
        Store(store.root).put(KEY, fast)

    assert (store.put(KEY, slow) / "who").read_text() == "fast"
    assert leftovers(store) == []


def test_a_failing_build_leaves_nothing(store: Store) -> None:
    def fails(folder: Path) -> None:
        build(folder)
        raise RuntimeError("g++ said no")

    with pytest.raises(RuntimeError, match="g\\+\\+ said no"):
        store.put(KEY, fails)
    assert store.get(KEY) is None
    assert leftovers(store) == []


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "read-only")])
def test_a_refusing_disk_is_a_tool_error(store: Store, monkeypatch: pytest.MonkeyPatch, number: int, hint: str) -> None:
    def refuses(fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuses)
    with pytest.raises(ToolError) as caught:
        store.put(KEY, build)
    assert hint in str(caught.value)
    assert str(store.root) in str(caught.value)
    monkeypatch.undo()
    assert store.get(KEY) is None
    assert leftovers(store) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 64 KiB."""
    mount = shutil.which("mount")
    folder = tmp_path / "tiny"
    folder.mkdir()
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not done or done.returncode != 0:
        pytest.skip("a file system can't be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_disk(tiny_disk: Path) -> None:
    def big(folder: Path) -> None:
        (folder / "big").write_bytes(bytes(200_000))

    store = Store(tiny_disk / "store")
    with pytest.raises(ToolError) as caught:
        store.put(KEY, big)
    assert "the disk is full" in str(caught.value)
    assert store.get(KEY) is None
    assert leftovers(store) == []
    store.put(KEY, build)  # small enough
    assert store.get(KEY) is not None


def test_links_and_a_file_of_the_stores_own_name_are_refused(store: Store) -> None:
    with pytest.raises(InternalError, match="regular files only"):
        store.put(KEY, lambda folder: (folder / "x").symlink_to("/etc/passwd"))
    with pytest.raises(InternalError, match=f"of its own named {ENTRY}"):
        store.put(KEY, lambda folder: (folder / ENTRY).touch())
    assert store.get(KEY) is None


@pytest.mark.parametrize("key", ["", "../../etc", "A" * 64, "0" * 63])
def test_a_key_is_never_a_path(store: Store, key: str) -> None:
    with pytest.raises(InternalError, match="must be a SHA-256"):
        store.get(key)
    with pytest.raises(InternalError, match="must be a SHA-256"):
        store.put(key, refuse)


def test_a_store_that_everyone_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ToolError, match="must be writable by its owner only"):
        Store(tmp_path)


def test_what_a_killed_run_left_long_ago_is_swept(store: Store) -> None:
    store.put(KEY, build)
    old, new = (store.root / "v1" / "tmp" / name for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    store.put(Store.key({"source": "another"}), build)
    assert leftovers(store) == ["new"]


def _race(root: str, rounds: int) -> None:
    for number in range(rounds):
        key = Store.key({"round": str(number)})
        store = Store(Path(root))
        if store.get(key) is None:
            store.put(key, build)
        assert store.get(key) is not None


def test_racing_processes_end_with_one_valid_entry_each(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=_race, args=(str(store.root), 30)) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0, 0]
    assert len(list((store.root / "v1").glob("??/*"))) == 30
    assert all(store.get(Store.key({"round": str(number)})) for number in range(30))
    assert leftovers(store) == []


def test_the_default_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("FPGA_TF_STORE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_root() == tmp_path / ".cache" / "fpga_tf"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_root() == tmp_path / ".cache" / "fpga_tf"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert default_root() == Path("/xdg/fpga_tf")
    monkeypatch.setenv("FPGA_TF_STORE", "~/mine")
    assert default_root() == tmp_path / "mine"
