"""Numbered steps with their time: what a run shows while it works, and what it remembers of it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.text import Text

from fpga_tf.verdict.verdict import Step as StepTime

__all__ = ["ActiveStep", "Progress", "StepTime", "left"]

_LABEL_WIDTH = 40


class ActiveStep:
    """A step under way: what its code says of itself."""

    def __init__(self, label: str) -> None:
        self.cached = False
        self.note = ""
        self._label = label
        self._share: float | None = None
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._start

    def mark_cached(self) -> None:
        """The result was found in the store, nothing was computed."""
        self.cached = True

    def advance(self, done: float, of: float) -> None:
        """How far it is, in any unit; shown as percent."""
        self._share = min(1.0, max(0.0, done / of)) if of > 0 else None

    def say(self, note: str) -> None:
        """A few words shown behind the time, e.g. a throughput."""
        self.note = note

    def line(self, end: str) -> str:
        """`[3/8] compile C-simulation ........ 12.3 s`."""
        dots = "." * max(3, _LABEL_WIDTH - len(self._label))
        return f"{self._label} {dots} {end}" + (f"  {self.note}" if self.note else "")

    def __rich__(self) -> Text:
        percent = "" if self._share is None else f"{100 * self._share:3.0f} %  "
        return Text(self.line(f"{percent}{self.seconds:.0f} s"), no_wrap=True, overflow="ellipsis")


class Progress:
    """Shows steps as they happen and keeps their times.

    On a terminal the step under way shows its seconds and percent; elsewhere each step is one plain line when it has
    ended.

    Args:
        console: where to; None: silent.
        total: how many steps there will be; see `plan`.
    """

    def __init__(self, console: Console | None = None, total: int = 0) -> None:
        self.console = console
        self.total = total
        self.steps: list[StepTime] = []
        self._begun = 0

    def plan(self, total: int) -> None:
        """Say how many steps there will be, from the first one on."""
        self.total = total

    def tell(self, text: str) -> None:
        """A line of its own, of something that went wrong and was mended."""
        if self.console is not None:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[ActiveStep]:
        """Run the body as the next step. A step that raises is shown as failed and not kept."""
        self._begun += 1
        number = f"[{self._begun}/{self.total}]" if self.total else f"[{self._begun}]"
        step = ActiveStep(f"{number} {name}")
        try:
            with self._live(step):
                yield step
        except BaseException:
            self._print(step, f"failed after {step.seconds:.1f} s")
            raise
        self.steps.append(StepTime(name, step.seconds, step.cached))
        self._print(step, f"{step.seconds:.1f} s" + (" (cached)" if step.cached else ""))

    def _live(self, step: ActiveStep) -> contextlib.AbstractContextManager[object]:
        if self.console is None or not self.console.is_terminal:
            return contextlib.nullcontext()
        return Live(step, console=self.console, refresh_per_second=4, transient=True)

    def _print(self, step: ActiveStep, end: str) -> None:
        if self.console is not None:
            self.console.print(step.line(end), markup=False, highlight=False, soft_wrap=True)


def left(seconds: float) -> str:
    """How long it still takes, as one says it; empty for an instant."""
    if seconds < 1:
        return ""
    return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"
