"""Errors, exit codes and streams of the whole command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fpga_tf
from fpga_tf.cli.main import main
from fpga_tf.errors import InternalError, ToolError, UserError

from .conftest import Flow

Streams = pytest.CaptureFixture[str]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "fpga_tf.cli.main", *arguments], capture_output=True, text=True, check=False, cwd="/"
    )


def test_version(capsys: Streams) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fpga-tf, version {fpga_tf.__version__}\n"


def test_help_names_the_commands_and_the_exit_codes(capsys: Streams) -> None:
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    commands = ("run", "convert", "simulate", "rtl", "estimate", "scan", "report", "check", "doctor", "schema")
    for text in (*commands, "baseline", "regress", "synth", "bundle", "Exit codes: 0 passed, 1 a gate"):
        assert text in out
    assert "..." not in out.split("Commands:")[1]  # no sentence is cut short


@pytest.mark.parametrize(
    "name",
    [
        "run",
        "convert",
        "simulate",
        "scan",
        "rtl",
        "check",
        "doctor",
        "schema",
        "baseline",
        "regress",
        "synth",
        "bundle",
    ],
)
def test_every_command_has_the_options_of_output(name: str, capsys: Streams) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    for option in ("--format [text|json]", "-q, --quiet", "--no-color"):
        assert option in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["chek"], "No such command 'chek'"),
        (["run"], "Missing argument 'CONFIG'"),
        (["run", "a", "b"], "Got unexpected extra argument (b)"),
        (["check", "a", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["doctor", "--colour"], "No such option"),
        (["rtl", "a", "--levels", "nan"], "--levels must be a number from 1 to 1000, not nan"),
        (["rtl", "a", "--levels", "inf"], "--levels must be a number from 1 to 1000, not inf"),
        (["rtl", "a", "--levels", "0"], "--levels must be a number from 1 to 1000, not 0"),
        (["estimate", "a", "--levels", "-2"], "--levels must be a number from 1 to 1000, not -2"),
        (["estimate", "a", "--levels", "1e30"], "--levels must be a number from 1 to 1000, not 1e+30"),
        (["rtl", "a", "--levels", "1"], "a config must be a file, not missing"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, capsys: Streams) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_wrong_use_in_json(capsys: Streams) -> None:
    assert main(["run", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["exit_code"] == 2
    assert json.loads(out)["error"]["what"] == "Missing argument 'CONFIG'."
    assert "Missing argument 'CONFIG'." in err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("a layer must be known, not Lambda", where="layer x", hint="remove it"), 2),
        (ToolError("g++ must be there, not missing", where="layer x", hint="remove it"), 3),
        (InternalError("a promise was broken", where="layer x", hint="remove it"), 4),
    ],
)
def test_errors_of_a_run(error: UserError, code: int, flow: Flow, config: Path, capsys: Streams) -> None:
    flow.error = error
    assert main(["run", str(config), "-q"]) == code
    assert capsys.readouterr().err == f"{error.what}\n  at   layer x\n  hint remove it\n"
    assert main(["run", str(config), "--format=json", "-q"]) == code
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "error": {"what": error.what, "where": "layer x", "hint": "remove it", "exit_code": code}
    }
    assert err.endswith(f"{error.what}\n  at   layer x\n  hint remove it\n")


def test_a_fault_is_one_line_and_a_file(
    flow: Flow, config: Path, capsys: Streams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    flow.error = ZeroDivisionError("division by\nzero")
    assert main(["run", str(config), "-q"]) == 4
    first, where, hint = capsys.readouterr().err.splitlines()
    assert first == "internal error: ZeroDivisionError: division by"
    assert hint == "  hint please report it together with that file"
    report = Path(where.removeprefix("  at   "))
    assert report.parent == tmp_path
    text = report.read_text()
    assert "Traceback (most recent call last)" in text
    assert "ZeroDivisionError: division by\nzero" in text
    assert str(config) in text


def test_a_fault_on_a_full_disk_is_told_in_full(
    flow: Flow, config: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    flow.error = ZeroDivisionError("zero")
    assert main(["run", str(config), "-q"]) == 4
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_interrupt(flow: Flow, config: Path, capsys: Streams) -> None:
    flow.error = KeyboardInterrupt()
    assert main(["run", str(config), "-q"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_hostile_name_does_not_steer_the_terminal(flow: Flow, config: Path, capsys: Streams) -> None:
    flow.error = UserError("layer must be named plainly, not \x1b[2J\x07\u202ex")
    assert main(["run", str(config), "-q"]) == 2
    assert capsys.readouterr().err == "layer must be named plainly, not \\x1b[2J\\x07\\u202ex\n"


def test_a_reader_that_went_away_is_no_failed_gate() -> None:
    for arguments in (["schema"], ["doctor"], ["--help"]):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as pipe:
            done = subprocess.run(
                [sys.executable, "-m", "fpga_tf.cli.main", *arguments], stdout=pipe, stderr=subprocess.PIPE, check=False
            )
        assert (arguments, done.returncode, done.stderr) == (arguments, 141, b"")


STOPPED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
from fpga_tf.cli import main, check
import fpga_tf.flow.config
def stopped(path):
    try:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        signal.pause()
    finally:
        print("cleaned up")
fpga_tf.flow.config.load_config = stopped
sys.exit(main.main(["check", "x"]))
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_signals_clean_up(name: str, code: int) -> None:
    assert getattr(signal, name)
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, name], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (code, "cleaned up\n")
    assert "Traceback" not in done.stderr


LIGHT = """
import sys
from fpga_tf.cli.main import main
code = main(sys.argv[1:])
heavy = {"keras", "tensorflow", "hls4ml", "qkeras", "hgq", "jax", "torch", "matplotlib", "pandas", "scipy"}
print(sorted(heavy & set(sys.modules)), code, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "CONFIG"],
        ["schema"],
        ["doctor"],
        ["run", "--help"],
        ["scan", "--help"],
        ["rtl", "--help"],
        ["estimate", "--help"],
        ["baseline", "--help"],
        ["regress", "--help"],
    ],
)
def test_light_commands_import_nothing_heavy(arguments: list[str], config: Path) -> None:
    arguments = [str(config) if argument == "CONFIG" else argument for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr == "[] 0\n"


def test_help_does_not_even_import_numpy_or_pydantic() -> None:
    program = LIGHT.replace('{"keras"', '{"numpy", "pydantic", "rich", "yaml", "h5py", "keras"')
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=False)
    assert done.stderr == "[] 0\n"


def test_the_installed_command_is_this_one(config: Path) -> None:
    done = command("check", str(config), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["name"] == "tiny"
    script = Path(sys.executable).parent / "fpga-tf"
    assert subprocess.run([script, "--version"], capture_output=True, check=False).returncode == 0


def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    done = command("check", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.yaml"), "--format", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["what"] == "a config must be a file, not missing"
