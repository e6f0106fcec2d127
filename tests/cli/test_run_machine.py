"""The machine fails, not the user: no compiler, a full disk, a killed run, two runs at once."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..job import OUTPUTS, PROGRAM, TIMEOUT, Done, Job, contents

pytestmark = pytest.mark.qkeras

GPP = shutil.which("g++") or "g++"
# a compiler that says which one it is, and then does what the test wants
WRAPPER = f"""#!/bin/sh
case "$*" in *--version*) exec {GPP} --version;; esac
"""


def compiler(job: Job, text: str) -> str:
    """A script for $CXX."""
    path = job.folder / "cxx"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def error(done: Done, code: int) -> dict[str, str]:
    """The one error of a command in JSON mode."""
    assert done.code == code, done.err
    found = done.json["error"]
    assert isinstance(found, dict)
    assert found["exit_code"] == code
    return found


def uncompiled(job: Job) -> Job:
    """A job whose store has the project but not its program."""
    job.config()
    return job.own_store(PROGRAM, OUTPUTS)


def good(job: Job) -> Done:
    """A run that must come to its verdict, whatever happened before."""
    done = job.run()
    assert (done.code, done.err) == (0, "")
    assert done.json["agreement"]["differing"] == 0
    return done


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Until it holds; the process must not end before."""
    started = time.monotonic()
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - started < TIMEOUT
        time.sleep(0.02)


def start(job: Job, **environment: str) -> subprocess.Popen[str]:
    """`fpga-tf run` in the background, a process group of its own."""
    return subprocess.Popen(
        job.command("run", job.folder / "small.yaml", "--format", "json", "-q"),
        env=job.environment | environment, cwd=job.folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def in_session(leader: int) -> list[int]:
    """The processes that a session leader started, itself included: compilers have process groups of their own."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, session = (path / "stat").read_text().rpartition(")")[2].split()[:4]
            found += [int(path.name)] if int(session) == leader and state != "Z" else []
    return found


def kill_session(leader: int) -> None:
    """Kill until nothing is left, for one of them may just have started another."""
    while left := in_session(leader):
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def test_no_compiler(job: Job) -> None:
    nowhere = job.folder / "bin"
    nowhere.mkdir()
    before = contents(job.store)
    found = error(job.cli("run", job.config(), "--format", "json", "-q", PATH=str(nowhere)), 3)
    assert found["what"] == "a C++ compiler must be on the PATH, g++ is not"
    assert found["hint"] == "apt-get install g++"
    assert contents(job.store) == before
    assert not job.project.exists()
    assert error(job.run(CXX="no-such-compiler"), 3)["what"].endswith("no-such-compiler is not")
    good(job)


def test_converting_needs_no_compiler(job: Job) -> None:
    assert job.main("convert", job.config(), "-q", PATH=str(job.folder)).code == 0
    assert error(job.simulate(PATH=str(job.folder)), 3)["what"].startswith("a C++ compiler must be on the PATH")


def test_a_compiler_that_does_not_run(job: Job) -> None:
    job.config()
    found = error(job.run(CXX=compiler(job, "#!/bin/sh\nexit 9\n")), 3)
    assert "must run" in found["what"]


def test_a_compiler_that_fails(job: Job) -> None:
    job = uncompiled(job)
    failing = WRAPPER + 'echo "In file included from somewhere:" >&2\n'
    failing += 'echo "small.cpp:7:1: error: no such luck" >&2\necho "small.cpp:8:1: error: another" >&2\nexit 1\n'
    before = contents(job.store)
    found = error(job.run(CXX=compiler(job, failing)), 3)
    log = job.project / "fpga_tf_build.log"
    assert found["what"] == "the C-simulation must compile, but g++ says: small.cpp:7:1: error: no such luck"
    assert found["where"] == f"whole log: {log}"
    assert "small.cpp:8:1: error: another" in log.read_text()
    assert contents(job.store) == before
    assert not (job.project / "fpga_tf_result.json").exists()


def test_an_edit_that_does_not_compile(job: Job) -> None:
    job.run()
    path = job.project / "firmware" / "small.cpp"
    text = path.read_text()
    path.write_text(text + "this is no C++\n")
    found = error(job.simulate(), 3)
    assert "firmware/small.cpp:" in found["what"]
    assert "error: " in found["what"]
    assert not (job.project / "fpga_tf_result.json").exists()
    assert (job.project / "fpga_tf_build.log").exists()
    path.write_text(text)
    assert job.simulate().code == 0
    assert not (job.project / "fpga_tf_build.log").exists()


@pytest.mark.slow
def test_a_program_that_dies(job: Job) -> None:
    job.run()
    path = job.project / "fpga_tf_simulate.cpp"
    start = "int main(int argc, char **argv) {"
    assert start in path.read_text()
    path.write_text(path.read_text().replace(start, start + " std::abort();"))
    before = contents(job.store)
    found = error(job.simulate(), 3)
    assert found["what"].startswith("the C-simulation must end well, not with signal 6")
    added = {Path(name).name for name in contents(job.store).keys() - before.keys()}
    assert added == {PROGRAM, "entry.json"}  # no outputs


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts small disks; skips where that is not permitted."""
    mounted = []

    def mount(name: str, options: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"mounting a disk is not permitted here: {done.stderr.strip()}")
        mounted.append(path)
        return path

    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a disk")
    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


def filled(disk: Path, left: int) -> None:
    """Leave no more than this many bytes on a disk."""
    (disk / "ballast").write_bytes(b"\0" * (shutil.disk_usage(disk).free - left))


def test_a_full_disk_under_the_project(job: Job, disk: Callable[..., Path]) -> None:
    small = disk("small_disk", "size=700k")
    job.config(project=str(small / "small"))
    before = contents(job.store)
    found = error(job.run(), 3)
    assert "No space left on device" in found["what"]
    assert found["hint"] == "the disk is full: free some space and run again"
    assert contents(small) == {}
    assert contents(job.store) == before
    job.config()
    good(job)


def test_a_full_disk_under_a_project_that_stands(job: Job, disk: Callable[..., Path]) -> None:
    small = disk("small_disk", "size=2m")
    job.config(project=str(small / "small"))
    good(job)
    before = contents(small)
    filled(small, 20_000)
    job.config(project=str(small / "small"), data={"path": str(job.made / "small.h5"), "signal": "c"})
    assert "No space left" in error(job.main("run", job.folder / "small.yaml", "--format", "json", "-q"), 3)["what"]
    (small / "ballast").unlink()
    assert contents(small) == before


@pytest.mark.parametrize("what", ["project", pytest.param("program", marks=pytest.mark.slow)])
def test_a_full_disk_under_the_store(what: str, job: Job, disk: Callable[..., Path]) -> None:
    store = disk("small_disk", "size=8m") / "store"
    config = job.config()
    if what == "program":
        assert job.main("convert", config, "-q", FPGA_TF_STORE=str(store)).code == 0
    before = contents(store) if what == "program" else {}
    filled(store.parent, {"project": 200_000, "program": 40_000}[what])
    found = error(job.main("run", config, "--format", "json", "-q", FPGA_TF_STORE=str(store)), 3)
    assert "No space left on device" in found["what"]
    assert ("the C-simulation must compile" in found["what"]) == (what == "program")
    assert contents(store) == before
    assert not any((store / "v1" / "tmp").iterdir())
    assert not (job.project / "fpga_tf_result.json").exists()
    good(job)


def test_a_read_only_place(job: Job, disk: Callable[..., Path]) -> None:
    parent = disk("read_only", "size=1m,ro,mode=755")
    job.config(project=str(parent / "small"))
    found = error(job.run(), 3)
    assert "Read-only file system" in found["what"]
    assert found["hint"] == "the file system is read-only: name another folder"
    job.config(project=str(job.folder / "out" / "small"))
    assert "Read-only file system" in error(job.own_store().run(FPGA_TF_STORE=str(parent), CXX=GPP), 3)["what"]


def test_a_store_that_everyone_may_write(job: Job) -> None:
    job.config()
    own = job.own_store()
    own.store.chmod(0o777)
    found = error(own.run(), 3)
    assert found["what"] == "the store of builds must be writable by its owner only, not by everyone"
    assert stat.S_IMODE(own.store.stat().st_mode) == 0o777


def test_a_damaged_store_is_made_again(job: Job) -> None:
    job.config()
    own = job.own_store()
    for path in own.store.glob(f"v1/*/*/{OUTPUTS}"):
        path.write_bytes(path.read_bytes()[:-1])
    done = good(own)
    assert done.steps["compile the C-simulation"]
    assert not done.steps["simulate"]


def test_two_runs_in_one_folder(job: Job) -> None:
    job = uncompiled(job)
    go, reached = job.folder / "go", job.folder / "reached"
    waiting = WRAPPER + f'touch {reached}\nwhile [ ! -e {go} ]; do sleep 0.05; done\nexec {GPP} "$@"\n'
    first = start(job, CXX=compiler(job, waiting))
    try:
        wait_for(reached.exists, first)
        before = contents(job.project)
        apart = job.cli("run", job.folder / "small.yaml", "--format", "json", "-q")
        for second in (apart, job.run("--fresh"), job.simulate()):
            found = error(second, 3)
            assert found["what"] == (
                f"a project must be used by one run at a time, not two: process {first.pid} is at work in it"
            )
            assert found["where"] == str(job.project)
            assert "--project" in found["hint"]
        assert contents(job.project) == before
        elsewhere = job.main("convert", job.folder / "small.yaml", "--project", job.folder / "other", "-q")
        assert elsewhere.code == 0
    finally:
        go.touch()
        out, err = first.communicate(timeout=TIMEOUT)
    done = Done(first.returncode, out, err)
    assert (done.code, done.err) == (0, "")
    assert done.json["agreement"]["differing"] == 0
    good(job)
    assert not (job.project.parent / ".small.lock").exists()


def test_a_run_that_was_killed(job: Job) -> None:
    job = uncompiled(job)
    reached = job.folder / "reached"
    hanging = WRAPPER + f'echo half > "$(echo "$@" | sed \'s/.*-o //\')"\ntouch {reached}\nsleep 600\n'
    before = contents(job.store)
    process = start(job, CXX=compiler(job, hanging))
    try:
        wait_for(reached.exists, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=TIMEOUT)
        assert in_session(process.pid)
    finally:
        kill_session(process.pid)
    assert process.returncode == -signal.SIGKILL
    assert contents(job.store) == before
    assert not (job.project / "fpga_tf_result.json").exists()
    done = good(job)
    assert done.steps["convert to an HLS project"]
    assert not done.steps["compile the C-simulation"]


def test_a_run_that_was_terminated_cleans_up(job: Job) -> None:
    job = uncompiled(job)
    reached = job.folder / "reached"
    process = start(job, CXX=compiler(job, WRAPPER + f"touch {reached}\nsleep 1\nexit 1\n"))
    wait_for(reached.exists, process)
    process.terminate()
    _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (143, -signal.SIGTERM)
    assert "Traceback" not in err
    assert not any((job.store / "v1" / "tmp").iterdir())
    assert not (job.project.parent / ".small.lock").exists()
