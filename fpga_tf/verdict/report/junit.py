"""JUnit XML: one test suite for a design, one test case for a gate."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fpga_tf.errors import FpgaTfError
from fpga_tf.verdict.gates import Gate
from fpga_tf.verdict.numbers import gate_limit, gate_value, plain
from fpga_tf.verdict.report.judged import Judged, Shown

_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_NOT_READ = "fpga-tf report"


def render(shown: Shown, *, strict: bool = False) -> str:
    """The whole file.

    Args:
        shown: designs and their gates; a path that could not be read is a test case with an error.
        strict: a gate with an unknown value is an error, in place of a skipped test case.
    """
    root = Element("testsuites", name="fpga-tf report")
    for judged in shown.designs:
        _suite(root, judged, strict=strict)
    if shown.errors:
        _not_read(root, shown.errors)
    for name in ("tests", *_COUNTS):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(root: Element, judged: Judged, *, strict: bool) -> None:
    suite = SubElement(root, "testsuite", name=plain(judged.design.name))
    for gate in judged.gates:
        case = SubElement(suite, "testcase", classname=plain(judged.design.name), name=plain(gate.gate), time="0")
        _outcome(case, gate, strict=strict)
        out = SubElement(case, "system-out")
        out.text = plain(f"value {gate_value(gate)}, limit {gate_limit(gate)}, source {gate.source or '-'}")
    _count(suite)


def _outcome(case: Element, gate: Gate, *, strict: bool) -> None:
    if gate.result == "fail":
        message = plain(f"{gate.gate}: {gate_value(gate)}, limit {gate_limit(gate)}")
        SubElement(case, "failure", message=message, type="gate").text = plain(gate.source or "")
    elif gate.result == "unknown":
        message = plain(f"unknown: {gate.missing}")
        if strict:
            SubElement(case, "error", message=message, type="unknown")
        else:
            SubElement(case, "skipped", message=message)


def _not_read(root: Element, errors: Sequence[FpgaTfError]) -> None:
    suite = SubElement(root, "testsuite", name="paths that could not be read")
    for number, error in enumerate(errors, 1):
        name = plain((error.where or str(number)).replace("\n", " "))
        case = SubElement(suite, "testcase", classname=_NOT_READ, name=name, time="0")
        SubElement(case, "error", message=plain(error.what), type=type(error).__name__).text = plain(error.hint or "")
    _count(suite)


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    for name, tag in _COUNTS.items():
        suite.set(name, str(sum(case.find(tag) is not None for case in suite)))
    suite.set("time", "0")
