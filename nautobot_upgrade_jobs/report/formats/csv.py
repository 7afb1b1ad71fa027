"""The findings as CSV, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ...common.text import escape_invisible
from ..model import Report
from ..remediation_text import describe_acceptance
from ..reported_finding import ReportedFinding

COLUMNS = (
    "severity",
    "key",
    "message",
    "when",
    "remediation",
    "commands",
    "phase",
    "impact",
    "acceptance",
    "evidence",
    "references",
)
NOT_CHECKED = "not checked"
"""The severity in the row of a check that could not run."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would execute a cell that starts with one of these characters."""


def render(report: Report) -> str:
    """Return one row for each finding and for each check that could not run.

    The first row has the names of the columns. A cell can have several lines.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_escape, _build_row(reported)) for reported in report.findings())
    for result in report.not_checked:
        row = [NOT_CHECKED, result.check, report.describe_not_checked(result)]
        writer.writerow(map(_escape, [*row, *[""] * (len(COLUMNS) - len(row))]))
    return stream.getvalue()


def _build_row(reported: ReportedFinding) -> Iterator[str]:
    finding = reported.finding
    yield finding.severity.value
    yield reported.key
    yield finding.message
    yield finding.when.value
    yield finding.remediation
    yield "\n".join(command.text for command in finding.commands)
    yield finding.phase.value
    yield finding.impact.value
    yield describe_acceptance(reported)
    yield "\n".join(finding.evidence)
    yield "\n".join(finding.references)


def _escape(text: str) -> str:
    cell = "\n".join(map(escape_invisible, text.split("\n")))
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
