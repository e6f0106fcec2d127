"""What moved since a baseline, in Markdown for the summary of a pipeline; inert whatever the names in it are."""

from __future__ import annotations

from fpga_tf.verdict.regression.rows import Regression
from fpga_tf.verdict.regression.show import HEADINGS
from fpga_tf.verdict.report.markdown import code, text


def render(found: Regression) -> str:
    """The whole text."""
    word = "fail" if found.failed else "pass"
    lines = [f"## {word}: {code(found.name)} against its baseline", "", f"{text(found.summary)}.", ""]
    if found.moved:
        lines += [f"| {' | '.join(HEADINGS)} |", "|---|---|---|---:|---:|---|"]
        for row in found.moved:
            *cells, outcome = row.cells
            result = f"**{outcome}**" if row.outcome == "fail" else outcome
            lines.append(f"| {' | '.join([code(row.label), *map(text, cells), result])} |")
        lines.append("")
    lines += [f"* {text(remark)}" for remark in found.remarks]
    if found.failed:
        lines.append(f"* if this is meant: {code(found.command)}, and commit the file")
    return "\n".join(lines).rstrip() + "\n"
