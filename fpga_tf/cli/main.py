"""The command `fpga-tf`: commands, and what becomes of their errors.

Exit codes: 0 passed, 1 a gate failed, 2 wrong use or configuration, 3 an outside tool is missing or failed, 4 our own
fault; 130 interrupted, 141 nobody reads the output, 143 terminated.
"""

from __future__ import annotations

import io
import itertools
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

import fpga_tf
from fpga_tf.cli.baseline import baseline
from fpga_tf.cli.bundle import bundle
from fpga_tf.cli.check import check
from fpga_tf.cli.convert import convert
from fpga_tf.cli.data import data
from fpga_tf.cli.doctor import doctor
from fpga_tf.cli.estimate import estimate
from fpga_tf.cli.explain import explain
from fpga_tf.cli.init import init
from fpga_tf.cli.output import print_json
from fpga_tf.cli.plots import plots
from fpga_tf.cli.regress import regress
from fpga_tf.cli.report import report
from fpga_tf.cli.rtl import rtl
from fpga_tf.cli.run import run
from fpga_tf.cli.scan import scan
from fpga_tf.cli.schema import schema
from fpga_tf.cli.simulate import simulate
from fpga_tf.cli.sweep import sweep
from fpga_tf.cli.synth import synth
from fpga_tf.errors import FpgaTfError, InternalError, UserError

_INTERRUPTED, _NO_READER, _TERMINATED = 130, 141, 143  # 128 + the signal, as shells count


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(fpga_tf.__version__, prog_name="fpga-tf")
def cli() -> None:
    """From a quantised Keras transformer to FPGA firmware that is proved equal to it.

    \b
    Exit codes: 0 passed, 1 a gate failed, 2 wrong use or configuration,
    3 an outside tool is missing or failed, 4 a fault of fpga-tf.
    """


for _command in (
    *(init, explain, run, convert, simulate, scan, sweep, rtl, estimate),
    *(report, plots, synth, bundle, baseline, regress, check, data, doctor, schema),
):
    cli.add_command(_command)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if args is None else args)
    signal.signal(signal.SIGTERM, _terminated)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path need not be UTF-8
    try:
        code = _guarded(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # the interpreter flushes once more at its end, and must then find someone who reads
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NO_READER
    return code


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(_TERMINATED)  # so that locks and temporary files are cleaned up


def _guarded(arguments: list[str]) -> int:
    in_json = _wants_json(arguments)
    try:
        # not cli.main(): it would turn a broken pipe into exit code 1, which here means a failed gate
        with cli.make_context("fpga-tf", list(arguments)) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:  # --help, --version
        return done.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except click.ClickException as error:
        error.show()
        return _reported(UserError(error.format_message()), in_json)
    except FpgaTfError as error:
        click.echo(printable(str(error)), err=True)
        return _reported(error, in_json)
    except (BrokenPipeError, SystemExit):
        raise
    except Exception as error:  # noqa: BLE001  # the last resort: our own fault, told without a traceback
        fault = _fault(error, arguments)
        click.echo(printable(str(fault)), err=True)
        return _reported(fault, in_json)
    return code if isinstance(code, int) else 0


def _wants_json(arguments: Sequence[str]) -> bool:
    """Known even when the arguments are wrong."""
    return "--format=json" in arguments or ("--format", "json") in itertools.pairwise(arguments)


def _reported(error: FpgaTfError, in_json: bool) -> int:
    if in_json:
        print_json({"error": error_json(error)})
    return error.exit_code


def error_json(error: FpgaTfError) -> dict[str, Any]:
    """An error as plain data; a configuration's has all of its `problems`."""
    from fpga_tf.flow.config_errors import ConfigError

    value: dict[str, Any] = {
        "what": error.what, "where": error.where, "hint": error.hint, "exit_code": error.exit_code,
    }  # fmt: skip
    if isinstance(error, ConfigError):
        value["problems"] = [{"what": p.what, "where": p.where, "hint": p.hint} for p in error.problems]
    return value


def _fault(error: Exception, arguments: Sequence[str]) -> InternalError:
    text = f"fpga-tf {fpga_tf.__version__}, Python {sys.version}\narguments {arguments!r}\n\n{traceback.format_exc()}"
    what = f"internal error: {type(error).__name__}: {str(error).strip()[:300]}"
    try:
        fd, name = tempfile.mkstemp(prefix="fpga-tf-", suffix=".txt")
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return InternalError(f"{what}\n{text}")  # nowhere to write to: better long than lost
    return InternalError(what.splitlines()[0], where=str(Path(name)), hint="please report it together with that file")


def printable(text: str) -> str:
    """Without control characters: names out of a hostile file must not steer the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


if __name__ == "__main__":
    sys.exit(main())
