"""The plugin of pytest: light to load, fails with the table, records on demand."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fpga_tf import pytest as plugin

from .job import Job

pytest_plugins = "pytester"
ROOT = Path(__file__).parent.parent
TEST = """
def test_tagger(fpga_tf_regression):
    fpga_tf_regression("small.yaml", "small.baseline.json")
"""


def suite(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "fpga_tf.pytest", "-p", "no:cacheprovider", *arguments, timeout=600)


def test_loading_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, pytest; known = {*sys.modules}; import fpga_tf.pytest\n"
        "print(sorted({name.partition('.')[0] for name in {*sys.modules} - known}))\n"
        "print(sorted(name for name in {*sys.modules} - known if name.startswith('fpga_tf.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['fpga_tf']\n['fpga_tf.errors', 'fpga_tf.pytest']\n"


def test_it_is_announced_to_pytest_under_the_name_of_its_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (entry,) = project["entry-points"]["pytest11"].items()
    assert entry == ("fpga_tf.pytest", "fpga_tf.pytest")
    found = importlib.metadata.EntryPoint(entry[0], entry[1], "pytest11").load()
    assert found is plugin


def test_help_names_the_option_and_the_fixture(pytester: pytest.Pytester) -> None:
    suite(pytester, "--help").stdout.fnmatch_lines(["*--fpga-tf-update*Record the baselines*"])
    suite(pytester, "--fixtures").stdout.fnmatch_lines(["fpga_tf_regression*"])


def test_what_is_missing_is_told_without_a_traceback(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    done = suite(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*fpga-tf: exit code 2", "a config must be a file, not missing", "*at   small.yaml"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_a_module_in_the_tests_folder_stands_for_none_of_ours(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("tests")
    (folder / "test_it.py").write_text(TEST)
    (folder / "click.py").write_text("raise SystemExit(77)")
    suite(pytester, "--import-mode=importlib").stdout.fnmatch_lines(["*exit code 2"])


@pytest.mark.qkeras
def test_a_tagger_is_recorded_guarded_and_recorded_again(
    job: Job, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    from .cli.test_run_sabotage import rounding

    monkeypatch.setenv("FPGA_TF_STORE", str(job.store))
    folder = pytester.mkdir("tests")
    job.config(project=str(folder / "out")).rename(folder / "small.yaml")
    (folder / "test_small.py").write_text(TEST)
    baseline = folder / "small.baseline.json"

    done = suite(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["a baseline must be a file, not missing"])
    assert not baseline.exists()

    suite(pytester, "--fpga-tf-update").assert_outcomes(passed=1)
    suite(pytester).assert_outcomes(passed=1)

    text = baseline.read_text()
    baseline.write_text(text.replace('"ap_ufixed<6,2,', '"ap_ufixed<7,3,'))
    done = suite(pytester)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "small.yaml",
            "Moved since small.baseline.json",
            "*formats.layer embed *FAIL*",
            "format differs since layer embed (2 of 14): from ap_ufixed<7,3,RND_CONV,SAT> to *<6,2,RND_CONV,SAT>",
            "FAIL: * guarded values moved beyond their limits*",
            "*or with pytest --fpga-tf-update",
        ]
    )
    done.stdout.no_fnmatch_line("*/12] *")  # steps
    suite(pytester, "--fpga-tf-update").assert_outcomes(passed=1)
    assert baseline.read_text() == text

    rounding(folder / "out", "embed")
    done = suite(pytester, "--fpga-tf-update")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["not recorded: small.baseline.json must be of firmware that is its model"])
    assert baseline.read_text() == text
