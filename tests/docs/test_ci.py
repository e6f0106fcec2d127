"""The files for pipelines and the example of a tagger's repository: their commands run, and changes are caught."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from fpga_tf.cli import main
from fpga_tf.verdict.regression.baseline import read_baseline

from ..job import TIMEOUT, Job
from .pages import DOCS

pytest_plugins = "pytester"
CI = DOCS / "ci"
EXAMPLE = CI / "example"
OURS = "fpga-tf"


def scripts(name: str) -> list[str]:
    """Every shell line of a pipeline."""
    found = yaml.safe_load((CI / name).read_text())
    if name == "github.yml":
        steps = [step for job in found["jobs"].values() for step in job["steps"]]
        return [line for step in steps for line in step.get("run", "").splitlines()]
    return [line for key in ("before_script", "script") for line in found["tagger"][key]]


def test_github_has_the_shape_that_actions_read() -> None:
    found = yaml.load((CI / "github.yml").read_text(), Loader=yaml.BaseLoader)  # `on` is no boolean here
    assert set(found) == {"name", "on", "permissions", "env", "jobs"}
    (job,) = found["jobs"].values()
    assert job["runs-on"].startswith("ubuntu-")
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_caches_of_github_follow_the_version_of_fpga_tf() -> None:
    text = (CI / "github.yml").read_text()
    (place,) = re.findall(r"^# For a tagger's repository: (\S+)$", text, re.MULTILINE)
    steps = {step["uses"].partition("@")[0]: step.get("with", {}) for step in of_actions(text)}
    # without it the action fails in a repository that has neither requirements.txt nor pyproject.toml
    assert steps["actions/setup-python"] == {"python-version": "3.12", "cache": "pip", "cache-dependency-path": place}
    (files,) = re.findall(r"hashFiles\((.*?)\)", steps["actions/cache"]["key"])
    assert files.split(", ") == [repr(name) for name in (place, "tagger.yaml", "tagger.keras")]


def of_actions(text: str) -> list[dict[str, Any]]:
    return [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"] if "uses" in step]


def test_gitlab_reads_the_files_that_the_command_writes() -> None:
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["tagger"]
    (line,) = [line for line in job["script"] if " regress " in line]
    given = options(line)
    assert job["artifacts"]["reports"] == {"junit": given["--junit"], "codequality": given["--gitlab"]}
    assert job["artifacts"]["paths"] == [given["--markdown"]]


def options(line: str) -> dict[str, str]:
    words = shlex.split(line)
    return {word: after for word, after in zip(words, [*words[1:], ""], strict=True) if word.startswith("--")}


@pytest.mark.parametrize("name", ["github.yml", "gitlab-ci.yml"])
def test_commands_and_options_exist(name: str) -> None:
    seen = []
    for line in scripts(name):
        program, *words = shlex.split(line)
        if program == OURS:
            command = main.cli.commands[words[0]]
            known = {one for parameter in command.params for one in parameter.opts}
            assert set(options(line)) <= known
            seen.append(words[0])
        else:
            assert (program, words[0]) == ("pip", "install")
            assert re.fullmatch(r"fpga_tf\[qkeras,rtl\] @ \$FPGA_TF", words[1])
    assert seen == ["check", "regress"]


@pytest.mark.qkeras
@pytest.mark.parametrize("name", ["github.yml", "gitlab-ci.yml"])
def test_commands_do_on_a_tagger_what_they_shall(name: str, job: Job) -> None:
    job.config().rename(job.folder / "tagger.yaml")
    assert job.main("baseline", job.folder / "tagger.yaml", "-q").code == 0
    baseline = job.folder / "tagger.baseline.json"
    summary = job.folder / "summary.md"
    environment = {**job.environment, "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(job.folder)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join(["set -e", *(line for line in scripts(name) if line.startswith(OURS))])
    for code in (0, 1):
        done = subprocess.run(
            ["bash", "-c", script], cwd=job.folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert ("::error file=tagger.baseline.json,line=" in done.stdout) == (code == 1 and name == "github.yml")
        found = json.loads(baseline.read_text())
        found["layers"][1]["codes"] = "0" * 64
        baseline.write_text(json.dumps(found, indent=1, sort_keys=True))
    if name == "github.yml":
        assert (job.folder / "reports" / "tagger.xml").is_file()
        assert json.loads((job.folder / "reports" / "tagger.json").read_text())["verdict"] == "fail"
        assert "## pass: `small`" in summary.read_text() and "## fail: `small`" in summary.read_text()
    else:
        (issue,) = json.loads((job.folder / "tagger.codequality.json").read_text())
        assert issue["description"] == "codes differ since layer embed (2 of 14)"
        assert not summary.exists()


@pytest.fixture
def repository(tmp_path: Path, workshop: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The example with its model made."""
    pytester: pytest.Pytester = request.getfixturevalue("pytester")
    monkeypatch.setenv("FPGA_TF_STORE", str(workshop / "store"))
    shutil.copytree(EXAMPLE, pytester.path, dirs_exist_ok=True)
    make(pytester.path)
    return pytester.path


def make(folder: Path, change: Any = None, **names: str) -> None:
    """Make the example's model.

    Args:
        change: given the model, before it is saved.
        names: constants of the script by name, in place of its own.
    """
    text = (EXAMPLE / "make_tagger.py").read_text()
    for name, value in names.items():
        text, count = re.subn(rf'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert count == 1
    (folder / "make_tagger.py").write_text(text)
    model = runpy.run_path(str(folder / "make_tagger.py"))["tagger"]()
    if change is not None:
        change(model)
    model.save(folder / "tagger.keras")


def without_rtl(folder: Path) -> None:
    path = folder / "tagger.yaml"
    path.write_text(path.read_text().replace("rtl:\n", "rtl:\n  generate: never\n"))


def suite(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "fpga_tf.pytest", *arguments, timeout=TIMEOUT)


def squeezed(done: pytest.RunResult) -> Iterator[str]:
    return (" ".join(line.split()) for line in done.outlines)


@pytest.mark.qkeras
def test_a_changed_weight_and_a_changed_quantiser_are_caught(repository: Path, pytester: pytest.Pytester) -> None:
    without_rtl(repository)
    (repository / "tagger.baseline.json").unlink()
    suite(pytester, "--fpga-tf-update").assert_outcomes(passed=1)

    def weight(model: Any) -> None:
        layer = model.get_layer("embed")
        kernel, bias = layer.get_weights()
        kernel[1, 2] += 0.25
        layer.set_weights([kernel, bias])

    make(repository, weight)
    done = suite(pytester)
    done.assert_outcomes(failed=1)
    lines = list(squeezed(done))
    assert "codes differ since layer embed (2 of 14)" in lines
    assert any(
        re.fullmatch(r"of the samples in the baseline \d+ of 16 differ, .* by at most \d+ LSB", x) for x in lines
    )

    make(repository, POOLED="quantized_bits(5,2,alpha=1)")
    done = suite(pytester)
    done.assert_outcomes(failed=1)
    lines = list(squeezed(done))
    types = "from ap_fixed<6,3,RND_CONV,SAT> to ap_fixed<5,3,RND_CONV,SAT>"
    assert f"format differs since layer pool_q (12 of 14): {types}" in lines


@pytest.mark.qkeras
def test_the_example_holds_and_a_changed_clock_is_caught(repository: Path, pytester: pytest.Pytester) -> None:
    kept, _ = read_baseline(EXAMPLE / "tagger.baseline.json")
    suite(pytester, "--fpga-tf-update").assert_outcomes(passed=1)
    new, _ = read_baseline(repository / "tagger.baseline.json")
    again = f"record docs/ci/example again: it is what {OURS} baseline gives for it"
    for part in ("configuration", "inputs", "outputs", "layers", "sets", "samples", "traced", "limits"):
        assert getattr(new, part) == getattr(kept, part), again
    assert new.cost.latency_cycles.value is not None and new.cost.latency_cycles.source == "rtlsim"
    assert kept.cost.LUT.source == new.cost.LUT.source == "estimate"
    assert new.versions["da4ml"] == importlib.metadata.version("da4ml")

    path = repository / "tagger.yaml"
    path.write_text(path.read_text().replace("10 ns", "12 ns"))
    done = suite(pytester)
    done.assert_outcomes(failed=1)
    lines = list(squeezed(done))
    cycles = new.cost.latency_cycles.value
    assert f"cost.latency_ns {cycles * 10:,} ns {cycles * 12:,} ns +20 % +0 % FAIL" in lines
    assert "made_for.clock_ns 10 ns 12 ns equal FAIL" in lines
    assert not any("codes differ" in line for line in lines)


def test_help_reads_alone() -> None:
    for name in ("baseline", "regress"):
        command = main.cli.commands[name]
        text = command.get_help(click.Context(command, info_name=f"{OURS} {name}", **main.cli.context_settings))
        assert "Exits with 1" in text and all(len(line) <= 100 for line in text.splitlines())
