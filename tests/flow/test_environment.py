"""What is installed, and whether it fits together. Nothing real is asked for versions."""

from __future__ import annotations

import os
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from fpga_tf.errors import ToolError, UserError
from fpga_tf.flow import environment as env

ROOT = Path(__file__).parent.parent.parent
GOOD = {"hls4ml": "1.3.0", "tensorflow": "2.21.0", "keras": "3.15.1"}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stands for what is installed."""
    there = dict(GOOD)

    def version(package: str) -> str:
        if package not in there:
            raise metadata.PackageNotFoundError(package)
        return there[package]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr("sys.prefix", "/venv")
    return there


@pytest.mark.parametrize("frontend", ["keras", "qkeras", "hgq2"])
@pytest.mark.parametrize("port", ["qkeras", "qkeras-v3"])
def test_the_broken_mix_is_refused(installed: dict[str, str], frontend: str, port: str) -> None:
    installed |= {port: "1.2.1", "hgq2": "0.2.0"}
    with pytest.raises(UserError) as caught:
        env.check_environment(frontend)
    assert str(caught.value) == (
        f"an environment must have QKeras or HGQ2, not both ({port} and hgq2 overwrite each other's files)\n"
        "  at   /venv\n"
        "  hint remove this environment and run scripts/run, which makes one for each"
    )


def test_a_frontend_without_its_package(installed: dict[str, str]) -> None:
    env.check_environment("keras")
    installed["qkeras-v3"] = "1.2.1"
    env.check_environment("qkeras")
    with pytest.raises(UserError) as caught:
        env.check_environment("hgq2")
    assert str(caught.value) == (
        "the environment of hgq2 models must have hgq2, not be without\n"
        "  at   /venv\n"
        "  hint scripts/run makes the right one; or pip install 'fpga_tf[hgq2]' in an environment of its own"
    )
    del installed["tensorflow"]
    with pytest.raises(UserError, match="must have tensorflow, hgq2, not be without"):
        env.check_environment("hgq2")


def test_the_requirements_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = {"": project["dependencies"], **project["optional-dependencies"]}
    wanted = {(extra, re.split(r"[<>=]", text)[0].lower()) for extra, texts in stated.items() for text in texts}
    assert {(need.extra, need.package) for need in env.requirements()} == wanted
    bounds = {need.package: need.text for need in env.requirements()}
    assert bounds["hls4ml"] == ">=1.3.0,<1.4"
    assert bounds["pythia8mc"] == "==8.317.2"


@pytest.mark.parametrize(
    ("bounds", "version", "admitted"),
    [
        (((">=", "1.3.0"), ("<", "1.4")), "1.3.0", True),
        (((">=", "1.3.0"), ("<", "1.4")), "1.3", True),
        (((">=", "1.3.0"), ("<", "1.4")), "1.4.0", False),
        (((">=", "1.3.0"), ("<", "1.4")), "1.2.99", False),
        (((">=", "1.3.0"), ("<", "1.4")), "1.10", False),
        (((">=", "2.21"),), "2.21.0rc1", True),
        ((("==", "8.317.2"),), "8.317.3", False),
        ((("~=", "1.4.2"),), "1.4.9", True),
        ((("~=", "1.4.2"),), "1.5.0", False),
        ((("!=", "1.5"), ("<=", "2")), "1.5.0", False),
        (((">", "1"),), "1.0", False),
    ],
)
def test_ranges_of_versions(bounds: tuple[tuple[str, str], ...], version: str, admitted: bool) -> None:
    assert env.Requirement("p", bounds, "").admits(version) is admitted


def program(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def test_tools_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert env.tool(["v++", "vitis_hls"]) is None
    program(tmp_path, "vitis_hls", "touch ran; exit 1")
    found = env.tool(["v++", "vitis_hls"], ask=False)
    assert found == env.Tool("vitis_hls", tmp_path / "vitis_hls", "")
    assert not Path("ran").exists()
    program(tmp_path, "yosys", "echo Yosys 0.23; echo more")
    assert env.tool(["yosys"]) == env.Tool("yosys", tmp_path / "yosys", "Yosys 0.23")


def test_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        env.check_compiler()
    assert str(caught.value) == (
        "g++ must be on the PATH, not missing\n  hint apt-get install g++ (or your system's package)"
    )
    program(tmp_path, "g++", "echo 'g++ (Debian 8.3.0-6) 8.3.0'")
    with pytest.raises(ToolError, match=r"g\+\+ must be version 9 or newer, not 8\.3"):
        env.check_compiler()
    program(tmp_path, "g++", "echo 'g++ (Debian 12.2.0-14+deb12u1) 12.2.0'")
    assert env.check_compiler().path == tmp_path / "g++"
    assert os.access(tmp_path / "g++", os.X_OK)
