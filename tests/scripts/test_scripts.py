"""scripts/run and what it stands on, without installing anything."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ..flow.conftest import save_archive

ROOT = Path(__file__).parent.parent.parent
SHELL = ["scripts/run", "scripts/test", "scripts/python", ".ci/run"]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


which, make = load("which_environment"), load("make_environment")


@pytest.mark.parametrize("name", SHELL)
def test_shell_scripts_can_be_run(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    assert subprocess.run(["bash", "-n", ROOT / name], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "section"),
    [
        (
            "model:\n  path: a.keras  # note\n  frontend: hgq2\ndata:\n  path: b",
            {"path": "a.keras", "frontend": "hgq2"},
        ),
        ("model: {path: 'a b.keras', frontend: auto}\n", {"path": "a b.keras", "frontend": "auto"}),
        ('# model:\n#   path: no\nmodel:\n\n    # x\n    path: "a#b.keras"\n', {"path": "a#b.keras"}),
        ("data:\n  path: b\nmodel: # here\n  path: a", {"path": "a"}),
        ("models:\n  path: b\n", {}),
        ("\0\n: :\n- model", {}),
        ("", {}),
    ],
)
def test_the_model_is_picked_out_of_the_config(text: str, section: dict[str, str]) -> None:
    assert which.model_section(text) == section


@pytest.mark.parametrize(
    ("module", "stated", "environment"),
    [
        ("hgq.layers", "auto", ".venv-hgq2"),
        ("qkeras.qlayers", "auto", ".venv"),
        ("keras.layers", "auto", ".venv"),
        ("other.layers", "hgq2", ".venv-hgq2"),
    ],
)
def test_the_model_decides_on_the_environment(tmp_path: Path, module: str, stated: str, environment: str) -> None:
    save_archive(tmp_path / "m.keras", module)
    config = tmp_path / "c.yaml"
    config.write_text(f"name: x\nmodel:\n  path: m.keras\n  frontend: {stated}\n")
    assert which.environment_of(config) == environment


def test_what_is_wrong_is_left_to_fpga_tf(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    assert which.environment_of(config) == ".venv"
    assert which.environment_of(tmp_path) == ".venv"
    config.write_text("model: {path: missing.keras}")
    assert which.environment_of(config) == ".venv"
    config.write_bytes(b"model:\n  path: a\0b\n")
    assert which.environment_of(config) == ".venv"


def test_which_environment_needs_the_standard_library_only(tmp_path: Path) -> None:
    program = (
        "import runpy, sys; sys.argv = ['x', sys.argv[1]]\n"
        f"try: runpy.run_path({str(ROOT / 'scripts' / 'which_environment.py')!r}, run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(sorted({'yaml', 'pydantic', 'numpy', 'h5py', 'click'} & set(sys.modules)))"
    )
    save_archive(tmp_path / "m.keras", "hgq.layers")
    (tmp_path / "c.yaml").write_text("model: {path: m.keras}")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, tmp_path / "c.yaml"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (".venv-hgq2\n[]\n", "")


class Installs:
    """Stands for venv and pip: makes what they make, and counts."""

    def __init__(self, venv: Path) -> None:
        self.venv, self.calls = venv, 0
        self.fails = False

    def __call__(self, command: list[str], what: str, hint: str) -> None:
        self.calls += 1
        if self.fails:
            raise make.SetupError(what, hint)
        (self.venv / "bin").mkdir(parents=True, exist_ok=True)
        for name in ("python", "fpga-tf"):
            (self.venv / "bin" / name).write_text("#!/bin/sh\n")
            (self.venv / "bin" / name).chmod(0o755)


@pytest.fixture
def installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installs:
    fake = Installs(tmp_path / ".venv")
    monkeypatch.setattr(make, "_run", fake)
    monkeypatch.setattr(make, "ROOT", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return fake


def test_an_environment_is_made_once(installs: Installs, capsys: pytest.CaptureFixture[str]) -> None:
    make.ensure(installs.venv, {"qkeras"})
    assert installs.calls == 2  # venv and pip
    assert capsys.readouterr().err == "installing fpga_tf[qkeras] into .venv (some minutes, about 2 GB)\n"
    make.ensure(installs.venv, {"qkeras"})
    assert installs.calls == 2
    assert capsys.readouterr().err == ""


def test_more_extras_are_added_and_fewer_are_enough(installs: Installs) -> None:
    make.ensure(installs.venv, {"qkeras"})
    make.ensure(installs.venv, {"tests"})
    assert installs.calls == 3  # pip alone
    make.ensure(installs.venv, {"qkeras"})
    make.ensure(installs.venv, {"qkeras", "tests"})
    assert installs.calls == 3


def test_an_interrupted_install_is_done_again(installs: Installs) -> None:
    make.ensure(installs.venv, {"qkeras"})
    installs.fails = True
    with pytest.raises(make.SetupError):
        make.ensure(installs.venv, {"tests"})
    assert not make.is_current(installs.venv, {"qkeras"})
    installs.fails = False
    make.ensure(installs.venv, {"qkeras"})
    assert make.is_current(installs.venv, {"qkeras"})


def test_changed_dependencies_are_installed_and_other_changes_are_not(installs: Installs, tmp_path: Path) -> None:
    make.ensure(installs.venv, {"qkeras"})
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("line-length = 120", "line-length = 110"))
    assert make.is_current(installs.venv, {"qkeras"})
    pyproject.write_text(pyproject.read_text().replace("hls4ml>=1.3.0", "hls4ml>=1.3.1"))
    assert not make.is_current(installs.venv, {"qkeras"})


@pytest.mark.parametrize("stamp", ["", "[]", "null", '{"extras": 3}', "{"])
def test_a_broken_stamp_is_no_stamp(installs: Installs, stamp: str) -> None:
    make.ensure(installs.venv, {"qkeras"})
    (installs.venv / make.STAMP).write_text(stamp)
    assert not make.is_current(installs.venv, {"qkeras"})
    make.ensure(installs.venv, {"qkeras"})


def test_a_moved_checkout_is_installed_again(installs: Installs, tmp_path: Path) -> None:
    make.ensure(installs.venv, {"qkeras"})
    stamp = json.loads((installs.venv / make.STAMP).read_text())
    (installs.venv / make.STAMP).write_text(json.dumps(stamp | {"root": "/elsewhere"}))
    assert not make.is_current(installs.venv, {"qkeras"})


@pytest.mark.parametrize(
    ("said", "last"), [("a b c d e", ["  c", "  d", "  e"]), ("x ERROR:no note y z w", ["  ERROR:no"])]
)
def test_a_failing_tool_is_told_with_what_it_complained_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, last: list[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(make.SetupError) as caught:
        make._run(
            [sys.executable, "-c", f"print('\\n'.join({said!r}.split())); exit(1)"], "pip must work", "look at it"
        )
    what, hint = caught.value.args
    log = next(tmp_path.iterdir())
    assert what.splitlines() == [f"pip must work (log: {log})", *last]
    assert hint == "look at it"
    assert log.read_text().split() == said.split()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the scripts with environments whose fpga-tf only tells how it was called."""
    root = tmp_path / "check out"
    for name in ("scripts", "fpga_tf"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.h5", "*.keras"))
    (root / "configs").mkdir()
    for name in ("configs/jet_flavour.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for name, extra in ((".venv", "qkeras"), (".venv-hgq2", "hgq2")):
        (root / name / "bin").mkdir(parents=True)
        for program in ("fpga-tf", "python"):
            (root / name / "bin" / program).write_text(f'#!/bin/sh\necho {name} "$@"\nexit 1\n')
            (root / name / "bin" / program).chmod(0o755)
        stamp = {"digest": make.dependency_digest(), "extras": [extra, "rtl"], "root": str(root)}
        (root / name / make.STAMP).write_text(json.dumps(stamp))
    return root


def run(checkout: Path, *arguments: str, cwd: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [checkout / "scripts" / "run", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_run_passes_its_arguments_on(checkout: Path, tmp_path: Path) -> None:
    save_archive(tmp_path / "m.keras", "hgq.layers")
    (tmp_path / "c d.yaml").write_text("model: {path: m.keras}")
    default = checkout / "configs" / "jet_flavour.yaml"
    assert run(checkout, cwd=Path("/")) == (1, f".venv run {default}\n", "")
    assert run(checkout, "--strict", cwd=tmp_path) == (1, f".venv run {default} --strict\n", "")
    assert run(checkout, "c d.yaml", "--format", "json", cwd=tmp_path) == (
        1, ".venv-hgq2 run c d.yaml --format json\n", "",
    )  # fmt: skip


def test_run_through_a_link(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(checkout / "scripts" / "run")
    done = subprocess.run([tmp_path / "link", "x.yaml"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == ".venv run x.yaml\n"


def test_run_without_a_python(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "env", "readlink", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    old = tools / "python3"
    old.write_text('#!/bin/bash\n[[ $1 == --version ]] && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        [checkout / "scripts" / "run"], capture_output=True, text=True, check=False, env={"PATH": str(tools)}
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "Python must be 3.11 to 3.13, not Python 3.9.2\n"
        "  hint install python3.11 (Debian: apt-get install python3 python3-venv), or set FPGA_TF_PYTHON\n"
    )
