"""JUnit XML of a regression: a test suite, with one test case for each guarded value."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fpga_tf.verdict.numbers import plain
from fpga_tf.verdict.regression.rows import Regression, Row


def render(found: Regression) -> str:
    """The whole file: a value that moved beyond its limit is a failure, one that is not known is skipped."""
    root = Element("testsuites", name="fpga-tf regress")
    suite = SubElement(root, "testsuite", name=plain(found.name))
    for row in found.rows:
        name = plain(f"{found.name}.{row.group}")
        _outcome(SubElement(suite, "testcase", classname=name, name=plain(row.name), time="0"), found, row)
    counts = {"tests": len(found.rows), "failures": len(suite.findall("testcase/failure")), "errors": 0}
    for element in (root, suite):
        for key, count in (counts | {"skipped": len(found.unknown)}).items():
            element.set(key, str(count))
        element.set("time", "0")
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _outcome(case: Element, found: Regression, row: Row) -> None:
    if row.outcome == "fail":
        failure = SubElement(case, "failure", message=plain(row.say), type=row.group)
        failure.text = plain("; ".join([row.say, *found.remarks]))
    elif row.outcome == "unknown":
        SubElement(case, "skipped", message="unknown in the baseline and now")
    elif row.say:
        SubElement(case, "system-out").text = plain(row.say)
