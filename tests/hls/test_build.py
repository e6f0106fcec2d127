"""Compiling: the store, the first compiler message, missing tools."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from fpga_tf.errors import ToolError
from fpga_tf.hls.build import build, compiler_version, find_compiler, sources
from fpga_tf.hls.harness import HARNESS
from fpga_tf.hls.manifest import Manifest
from fpga_tf.store import Store

MANIFEST = Manifest(
    name="top",
    key="",
    backend="Vitis",
    part="",
    clock_ns=5.0,
    clock_uncertainty_percent=12.5,
    frontend="qkeras",
    exact="float32",
    inputs=(),
    outputs=(),
    layers=(),
    widest={},
    versions={},
    config={},
    files={"firmware/top.cpp": "", "firmware/value.h": ""},
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The least that can be compiled: it prints a number of the firmware."""
    folder = tmp_path / "project"
    (folder / "firmware").mkdir(parents=True)
    (folder / "firmware" / "value.h").write_text("#define VALUE 7\n")
    (folder / "firmware" / "top.cpp").write_text('#include "value.h"\nint top() { return VALUE; }\n')
    text = '#include <cstdio>\nint top();\nint main() { std::printf("%d", top()); return 0; }\n'
    (folder / HARNESS).write_text(text)
    return folder


@pytest.fixture
def own_store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def output(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_same_sources_are_compiled_once_and_a_changed_header_again(
    project: Path, own_store: Store, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    program, key, cached = build(project, MANIFEST, own_store, log)
    assert (output(program), cached) == ("7", False)
    assert build(project, MANIFEST, own_store, log) == (program, key, True)
    (project / "firmware" / "value.h").write_text("#define VALUE 8\n")
    changed, other, cached = build(project, MANIFEST, own_store, log)
    assert (output(changed), cached) == ("8", False)
    assert other != key
    assert not log.exists()


def test_other_files_of_the_project_do_not_matter(project: Path, own_store: Store, tmp_path: Path) -> None:
    _, key, _ = build(project, MANIFEST, own_store, tmp_path / "log")
    (project / "tb_data").mkdir()
    (project / "tb_data" / "x.dat").write_text("1")
    assert build(project, MANIFEST, own_store, tmp_path / "log")[1:] == (key, True)


def test_the_first_message_of_the_compiler_is_shown_and_the_rest_is_in_the_log(
    project: Path, own_store: Store, tmp_path: Path
) -> None:
    log = tmp_path / "deep" / "build.log"
    (project / "firmware" / "top.cpp").write_text(
        "int top() { return first_wrong; }\nint f() { return second_wrong; }\n"
    )
    with pytest.raises(ToolError) as caught:
        build(project, MANIFEST, own_store, log)
    assert caught.value.what.startswith("the C-simulation must compile, but g++ says: firmware/top.cpp:1:20: error: ")
    assert "first_wrong" in caught.value.what and "second_wrong" not in caught.value.what
    assert caught.value.where == f"whole log: {log}"
    text = log.read_text("utf-8")
    assert "second_wrong" in text and text.startswith(f"$ {find_compiler()} ")


def test_a_failed_build_leaves_nothing_behind(project: Path, own_store: Store, tmp_path: Path) -> None:
    good = (project / "firmware" / "top.cpp").read_text()
    (project / "firmware" / "top.cpp").write_text("#error broken\n")
    for _ in range(2):
        with pytest.raises(ToolError, match="#error broken"):
            build(project, MANIFEST, own_store, tmp_path / "log")
    assert not [p for p in own_store.root.rglob("*") if p.is_file()]
    (project / "firmware" / "top.cpp").write_text(good)
    assert output(build(project, MANIFEST, own_store, tmp_path / "log")[0]) == "7"


def test_what_cannot_be_linked_is_told(project: Path, own_store: Store, tmp_path: Path) -> None:
    (project / "firmware" / "top.cpp").write_text("int other() { return 1; }\n")
    with pytest.raises(ToolError, match=r"g\+\+ says: .*undefined reference to `top\(\)'"):
        build(project, MANIFEST, own_store, tmp_path / "log")


@pytest.mark.parametrize("name", ["firmware/value.h", "firmware/top.cpp", HARNESS])
def test_a_missing_source_is_named(name: str, project: Path, own_store: Store, tmp_path: Path) -> None:
    (project / name).unlink()
    with pytest.raises(ToolError, match=f"a project must hold all its sources, {name} is missing") as caught:
        build(project, MANIFEST, own_store, tmp_path / "log")
    assert caught.value.where == str(project)


def test_an_added_header_is_a_source_too(project: Path) -> None:
    (project / "firmware" / "more").mkdir()
    (project / "firmware" / "more" / "extra.h").write_text("")
    names = [str(p.relative_to(project)) for p in sources(project, replace(MANIFEST, files={}))]
    assert names == sorted(["firmware/more/extra.h", "firmware/top.cpp", "firmware/value.h", HARNESS])


def test_without_a_compiler_the_hint_says_how_to_get_one(
    project: Path, own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ToolError) as caught:
        build(project, MANIFEST, own_store, tmp_path / "log")
    assert str(caught.value) == "a C++ compiler must be on the PATH, g++ is not\n  hint apt-get install g++"


def test_the_compiler_of_the_environment_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolError, match="no-such-compiler is not"):
        find_compiler()
    own = tmp_path / "own-g++"
    own.write_text("#!/bin/sh\necho my compiler 1.0\necho and more\n")
    own.chmod(0o755)
    monkeypatch.setenv("CXX", str(own))
    assert compiler_version(find_compiler()) == "my compiler 1.0"


def test_a_compiler_that_does_not_run_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(ToolError, match=r"the C\+\+ compiler must run, .*broken does not"):
        compiler_version(str(broken))


def test_a_compiler_killed_in_the_middle_is_told(
    project: Path, own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = tmp_path / "killed"
    killed.write_text('#!/bin/sh\n[ "$1" = --version ] && exec echo 1\nkill -9 $$\n')
    killed.chmod(0o755)
    monkeypatch.setenv("CXX", str(killed))
    with pytest.raises(ToolError, match=r"g\+\+ says: error: exit code -9"):
        build(project, MANIFEST, own_store, tmp_path / "log")


EDITS = {
    "firmware/value.h": "echo '#define VALUE 8' > firmware/value.h",
    "firmware/added.h": "touch firmware/added.h",
    "firmware/extra.h": "rm firmware/extra.h",
}


def compiler_that(does: str, folder: Path) -> str:
    """A compiler that does something in the project before the firmware is compiled as always."""
    path = folder / "compiler"
    real = find_compiler()
    path.write_text(f'#!/bin/sh\ncase "$*" in *"-include firmware/top.cpp"*)\n{does}\n;; esac\nexec {real} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", EDITS)
def test_sources_that_change_while_they_compile_are_not_stored(
    name: str, project: Path, own_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "firmware" / "extra.h").write_text("")
    with monkeypatch.context() as during:
        during.setenv("CXX", compiler_that(EDITS[name], tmp_path))
        with pytest.raises(ToolError) as caught:
            build(project, MANIFEST, own_store, tmp_path / "log")
    assert str(caught.value) == (
        f"a project's sources must stay as they are while they compile, {name} has changed\n"
        f"  at   {project / name}\n"
        "  hint run again when nothing edits the project"
    )
    assert not [p for p in own_store.root.rglob("*") if p.is_file()]
    program, _, cached = build(project, MANIFEST, own_store, tmp_path / "log")
    assert (output(program), cached) == ("8" if name == "firmware/value.h" else "7", False)


def terminated(number: int, frame: object) -> None:
    raise SystemExit(143)


@pytest.mark.parametrize(
    ("number", "handler", "raised"),
    [(signal.SIGINT, signal.default_int_handler, KeyboardInterrupt), (signal.SIGTERM, terminated, SystemExit)],
    ids=["SIGINT", "SIGTERM"],
)
def test_an_interrupt_ends_the_compiler_and_what_it_started(
    number: signal.Signals,
    handler: Callable[[int, FrameType | None], None],
    raised: type[BaseException],
    project: Path,
    own_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alive, finished = tmp_path / "alive", tmp_path / "finished"
    os.mkfifo(alive)
    slow = tmp_path / "slow"
    inner = f"(sleep 100; touch {finished}) & wait"
    slow.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo 1\nexec 3>{alive}; echo started >&3\n{inner}\n')
    slow.chmod(0o755)
    monkeypatch.setenv("CXX", str(slow))
    ends: list[bytes] = []

    def interrupt() -> None:
        with alive.open("rb") as file:
            start = file.readline()
            signal.pthread_kill(threading.main_thread().ident or 0, number)
            ends.extend([start, file.read()])  # which returns when the last process that holds it is gone

    thread = threading.Thread(target=interrupt)
    before = signal.signal(number, handler)
    try:
        thread.start()
        with pytest.raises(raised):
            build(project, MANIFEST, own_store, tmp_path / "log")
    finally:
        signal.signal(number, before)
        thread.join()
    assert ends == [b"started\n", b""]
    assert not finished.exists()
    assert not [p for p in own_store.root.rglob("*") if p.is_file()]
