"""Colours, and what is no JSON."""

from __future__ import annotations

import io
import sys

import pytest

from fpga_tf.cli.output import Output, print_json
from fpga_tf.errors import InternalError


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("color", "codes"), [(True, True), (False, False)])
def test_colours(color: bool, codes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Output(color=color).console().print("[red]x[/red]")
    assert ("\x1b[" in screen.getvalue()) is codes


def test_progress_goes_where_the_result_does_not() -> None:
    assert Output(quiet=True).progress().console is None
    shown, aside = Output().progress().console, Output(json=True).progress().console
    assert shown is not None and aside is not None
    assert (shown.stderr, aside.stderr) == (False, True)


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": object()}])
def test_what_is_no_json_is_our_fault(value: dict[str, object]) -> None:
    with pytest.raises(InternalError, match="must be plain data with finite numbers"):
        print_json(value)
