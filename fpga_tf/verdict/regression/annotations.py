"""A regression as remarks on lines of the baseline: GitHub's workflow commands, GitLab's code quality report."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from fpga_tf.verdict.numbers import plain
from fpga_tf.verdict.regression.positions import line_at
from fpga_tf.verdict.regression.rows import Regression, Row

_CHECKOUTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
_MOST = 10  # GitHub shows ten errors and ten warnings of a step


def github(found: Regression) -> list[str]:
    """Workflow commands, one a line: an error for each failure, a warning for what is told.

    Their escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    lines = []
    for command, outcome in (("error", "fail"), ("warning", "told")):
        rows = [row for row in found.rows if row.outcome == outcome]
        shown = rows if len(rows) <= _MOST else rows[: _MOST - 1]
        lines += [_command(command, found, row.label, _said(found, row), row) for row in shown]
        if len(shown) < len(rows):
            more = ", ".join(row.label for row in rows[len(shown) :])
            lines.append(_command(command, found, f"{len(rows) - len(shown)} more", more, rows[len(shown)]))
    return lines


def _said(found: Regression, row: Row) -> str:
    """The sentence; where codes of a set differ, also where that begins."""
    begins = row.group == "codes" and row.name != "layers" and found.since is not None
    return f"{row.say}; {found.since}" if begins else row.say


def _command(command: str, found: Regression, title: str, message: str, row: Row) -> str:
    where = f"file={_property(_file(found))},line={line_at(found.lines, row.loc)}"
    return f"::{command} {where},title={_property(f'fpga-tf: {title}')}::{_data(message)}"


def _data(value: str) -> str:
    return plain(value).replace("%", "%25")  # plain text has no line ends


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def gitlab(found: Regression) -> str:
    """A code quality report: an issue for each failure and for what is told.

    Its fields: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    issues = [
        {
            "description": plain(_said(found, row)),
            "check_name": plain(f"fpga-tf.{row.label}"),
            "fingerprint": hashlib.sha256(f"{found.name}\n{_file(found)}\n{row.label}".encode()).hexdigest(),
            "severity": "major" if row.outcome == "fail" else "info",
            "location": {"path": plain(_file(found)), "lines": {"begin": line_at(found.lines, row.loc)}},
        }
        for row in found.rows
        if row.outcome in ("fail", "told")
    ]
    return json.dumps(issues, indent=1) + "\n"


def _file(found: Regression) -> str:
    """The baseline's path from the checkout: of GitHub, of GitLab, or else where the command runs."""
    path, folders = Path(found.baseline).absolute(), [os.environ.get(name) for name in _CHECKOUTS]
    root = next((Path(folder) for folder in folders if folder), Path.cwd())
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else os.fspath(path)
