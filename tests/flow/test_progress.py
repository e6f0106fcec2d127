"""Steps on paper and on a terminal."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from fpga_tf.flow.progress import Progress


class Clock:
    """Time that only the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    monkeypatch.setattr(time, "perf_counter", fake)
    return fake


def test_plain_lines(clock: Clock) -> None:
    paper = io.StringIO()
    progress = Progress(Console(file=paper, width=40))
    progress.plan(3)
    with progress.step("read the model"):
        clock.now += 0.04
    with progress.step("compile C-simulation [x]") as step:
        step.mark_cached()
    with progress.step("simulate") as step:
        clock.now += 12.31
        step.advance(5, 10)
        step.say("1234 jets/s, and some more words than a line has room for")
    assert paper.getvalue().splitlines() == [
        "[1/3] read the model .................... 0.0 s",
        "[2/3] compile C-simulation [x] .......... 0.0 s (cached)",
        "[3/3] simulate .......................... 12.3 s  1234 jets/s, and some more words than a line has room for",
    ]
    assert [step.name for step in progress.steps] == ["read the model", "compile C-simulation [x]", "simulate"]
    assert progress.steps[1].cached
    assert progress.steps[2].seconds == pytest.approx(12.31)


def test_a_failed_step_says_so_and_is_not_kept(clock: Clock) -> None:
    paper = io.StringIO()
    progress = Progress(Console(file=paper, width=100))
    with pytest.raises(ValueError, match="no"), progress.step("compile"):
        clock.now += 3
        raise ValueError("no")
    assert paper.getvalue() == "[1] compile ............................. failed after 3.0 s\n"
    assert progress.steps == []


def test_silence_keeps_the_times() -> None:
    progress = Progress()
    with progress.step("a"):
        pass
    assert len(progress.steps) == 1


def test_a_terminal_shows_the_step_under_way() -> None:
    screen = io.StringIO()
    progress = Progress(Console(file=screen, force_terminal=True, width=100, color_system=None), total=1)
    with progress.step("simulate") as step:
        step.advance(1, 4)
    shown = screen.getvalue()
    assert "25 %" in shown
    assert "[1/1] simulate" in shown.splitlines()[-1]


def test_advance_of_nothing_shows_no_percent() -> None:
    progress = Progress()
    with progress.step("a") as step:
        step.advance(0, 0)
        assert "%" not in step.__rich__().plain
        step.advance(3, 2)
        assert "100 %" in step.__rich__().plain
