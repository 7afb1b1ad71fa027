"""The findings as CSV, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

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
    not_checked = (
        (NOT_CHECKED, result.check, report.describe_not_checked(result))
        for result in report.not_checked
    )
    return write_rows([COLUMNS, *map(_build_row, report.findings()), *map(_fill, not_checked)])


def write_rows(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV. No cell has a formula or an invisible character."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(map(_escape, row) for row in rows)
    return stream.getvalue()


def _fill(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return a row with empty cells up to the last column."""
    return cells + ("",) * (len(COLUMNS) - len(cells))


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
