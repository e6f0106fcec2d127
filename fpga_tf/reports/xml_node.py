"""Values in the XML files of Vivado HLS and Vitis HLS, found by tag and never by position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fpga_tf.errors import UserError
from fpga_tf.reports.safe_xml import LocatedElement
from fpga_tf.reports.values import check_order, decimal, integer, known

_PERIOD = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_TIME = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(?: {1,3}(ns|us|ms|sec|s))?")
_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "sec": 1_000_000_000, "s": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Node:
    """An element of a report.

    Attributes:
        element: the element.
        path: the file.
        report: what the file is, for errors, such as `a C-synthesis report`.
    """

    element: LocatedElement
    path: str
    report: str

    def at(self, tag: str) -> Node:
        """The one child with this tag, or an empty element.

        Raises:
            UserError: there are several, so that no value can be told to be the right one.
        """
        found = [child for child in self if child.element.tag == tag]
        if len(found) > 1:
            raise self.wrong(tag, "given once", f"{len(found)} times")
        return found[0] if found else Node(LocatedElement(tag), self.path, self.report)

    def has(self, tag: str) -> bool:
        """Whether there is a child with this tag."""
        return self.element.find(tag) is not None

    def __iter__(self) -> Iterator[Node]:
        for child in self.element:
            if isinstance(child, LocatedElement):
                yield Node(child, self.path, self.report)

    def text(self, *tags: str) -> str | None:
        """Text of the one child that has any of these tags; None where absent or not known to the tool.

        Raises:
            UserError: there are several, or it goes on in another line.
        """
        children = [child for child in self.element if child.tag in tags]
        if len(children) > 1:
            raise self.wrong(" or ".join(tags), "given once", f"{len(children)} times")
        text = known(children[0].text or "") if children else None
        if text is not None and "\n" in text:
            raise self.wrong(" or ".join(tags), "in one line", repr(text[:40]))
        return text

    def integer(self, *tags: str) -> int | None:
        """A count.

        Raises:
            UserError: it is no whole number.
        """
        return integer(self.text(*tags) or "", self._what(*tags), self.where)

    def decimal(self, *tags: str) -> float | None:
        """A number that may be negative, such as a slack.

        Raises:
            UserError: it is no number.
        """
        return decimal(self.text(*tags) or "", self._what(*tags), self.where)

    def period(self, tag: str) -> float | None:
        """A clock period in ns.

        Raises:
            UserError: it is no such number.
        """
        text = self.text(tag)
        if text is not None and not _PERIOD.fullmatch(text):
            raise self.wrong(tag, "a period in ns or unknown", repr(text[:40]))
        return None if text is None else float(text)

    def span(self, tag: str) -> tuple[int | None, int | None]:
        """Smallest and largest count of a child that holds one number, `low ~ high`, or a `<range>`.

        Raises:
            UserError: these are no whole numbers, or the smallest is above the largest.
        """
        low, high = self._ends(tag)
        what = self._what(tag)
        span = integer(low, what, self.where), integer(high, what, self.where)
        check_order(span, what, self.where)
        return span

    def time_span(self, tag: str) -> tuple[float | None, float | None]:
        """As `span`, for times such as `1.293 us`; in ns."""
        low, high = (self._ns(tag, text) for text in self._ends(tag))
        check_order((low, high), self._what(tag), self.where)
        return low, high

    def time(self, tag: str) -> float | None:
        """A time such as `1.293 us`, in ns. (A bare number is in ns.)

        Raises:
            UserError: it is no such time.
        """
        return self._ns(tag, self.text(tag) or "")

    def _ns(self, tag: str, text: str) -> float | None:
        value = known(text)
        if value is None:
            return None
        found = _TIME.fullmatch(value)
        if found is None:
            raise self.wrong(tag, "a time or unknown", repr(value[:40]))
        return float(Decimal(found[1]) * _NS[found[2] or "ns"])

    def _ends(self, tag: str) -> tuple[str, str]:
        child = self.at(tag)
        if child.has("range"):
            ends = child.at("range")
            return ends.text("min") or "", ends.text("max") or ""
        text = self.text(tag) or ""
        low, tilde, high = text.partition(" ~ ")
        return (low, high) if tilde else (text, text)

    def _what(self, *tags: str) -> str:
        return f"<{' or '.join(tags)}> of {self.report}"

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path}:{self.element.line}" if self.element.line else self.path

    def wrong(self, tag: str, rule: str, value: str) -> UserError:
        """An error about a child."""
        return UserError(f"{self._what(tag)} must be {rule}, not {value[:200]}", where=self.where)
