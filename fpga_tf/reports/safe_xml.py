"""Reads XML that anybody may have written.

A DOCTYPE is refused, and with it every entity that could expand; depth and element count are capped.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from fpga_tf.errors import UserError
from fpga_tf.reports.source import Source

# Reports seen are below 1 MB with some 10,000 elements; the caps only keep a hostile file from eating the memory.
MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000


def parse_xml(source: Source, *, skip: Collection[str] = ()) -> Element:
    """Parse a report into its root element.

    Args:
        source: the report.
        skip: names of elements that are checked for well-formedness but not kept.

    Raises:
        UserError: no well-formed XML, or it has a DOCTYPE.
    """
    # Windows shells write UTF-16 with a mark, and leave the declaration that says otherwise
    encoding = "utf-16" if source.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None
    return _Parser(source.path, frozenset(skip), encoding).parse(source.data)


class LocatedElement(Element):
    """An element that knows where it begins.

    Attributes:
        line: number of the line, from 1; 0 for one that no file holds.
    """

    line: int = 0


class _Parser:
    """Expat feeding a tree builder, with the guards in between."""

    def __init__(self, path: str, skip: frozenset[str], encoding: str | None) -> None:
        self.path = path
        self.skip = skip
        self.depth = 0
        self.elements = 0
        self.skipped_at: int | None = None
        self.builder = TreeBuilder(element_factory=LocatedElement)
        self.expat = expat.ParserCreate(encoding)
        self.expat.buffer_text = True
        self.expat.StartElementHandler = self.start
        self.expat.EndElementHandler = self.end
        self.expat.CharacterDataHandler = self.text
        self.expat.StartDoctypeDeclHandler = self.doctype

    def parse(self, data: bytes) -> Element:
        try:
            self.expat.Parse(data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise UserError(
                f"the report must be complete XML, not broken ({reason})",
                where=f"{self.path}:{error.lineno}:{error.offset + 1}",
                hint="copy the file again; a run of the tool that was stopped leaves half a file",
            ) from None
        except (ValueError, LookupError) as error:
            # an encoding that expat asks Python for and that Python does not have
            raise UserError(f"the report must be XML in UTF-8, not undecodable ({error})", where=self.path) from None
        return self.builder.close()

    def refuse(self, what: str) -> UserError:
        line, column = self.expat.CurrentLineNumber, self.expat.CurrentColumnNumber + 1
        return UserError(what, where=f"{self.path}:{line}:{column}")

    def doctype(self, *_: object) -> None:
        raise self.refuse("a report must have no DOCTYPE: no tool writes one, and it can hide entities that expand")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"a report must be nested at most {MAX_DEPTH} deep, not deeper")
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self.refuse(f"a report must have at most {MAX_ELEMENTS} elements, not more")
        if self.skipped_at is None and name in self.skip:
            self.skipped_at = self.depth
        if self.skipped_at is None:
            element = self.builder.start(name, attributes)
            if isinstance(element, LocatedElement):
                element.line = self.expat.CurrentLineNumber

    def end(self, name: str) -> None:
        if self.skipped_at is None:
            self.builder.end(name)
        elif self.skipped_at == self.depth:
            self.skipped_at = None
        self.depth -= 1

    def text(self, data: str) -> None:
        if self.skipped_at is None:
            self.builder.data(data)
