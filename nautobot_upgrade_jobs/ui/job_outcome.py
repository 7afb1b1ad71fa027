"""Parse the result of a run. Unexpected content is ignored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..catalog.versions import is_version
from ..common.text import escape_invisible, remove_code_marks

UNFINISHED = {"PENDING": "waiting", "RECEIVED": "waiting", "STARTED": "running", "RETRY": "running"}
"""Verdicts of runs that have not ended, by Nautobot's status of the run."""
VERDICTS = {
    "go": "Go",
    "caution": "Caution",
    "blocked": "Blocked",
    "incomplete": "Incomplete",
    "up_to_date": "Up to date",
    "complete": "Complete",
    "error": "Invalid input",
    "crashed": "Crashed",
    "unknown": "No verdict",
    "cancelled": "Cancelled",
    "waiting": "Waiting for a worker",
    "running": "Running",
}
"""Titles of all verdicts of a run."""
REPORTED_VERDICTS = ("go", "caution", "blocked", "incomplete", "up_to_date", "complete")
"""Verdicts of runs whose checks ran."""
DOWNTIMES = {
    "code only": "a restart only",
    "short": "short, with the services stopped",
    "window": "a maintenance window",
}
"""The downtime classes in words."""
SEVERITIES = ("blocker", "warning", "info")
MAX_TEXT_LENGTH = 400
MAX_LIST_ITEMS = 50
"""Number of list items that are read. Results of this App have far fewer."""


@dataclass(frozen=True)
class TopFinding:
    """One of the most severe findings, and the number of others with the same cause."""

    severity: str
    key: str
    """The exact key, for links. A page shows the message."""
    message: str
    fix: str = ""
    anchor: str = ""
    """The id of the finding in the HTML report."""
    others: int = 0


@dataclass(frozen=True)
class NotCheckedReason:
    """A reason why checks could not run, and the number of these checks."""

    reason: str
    checks: int


@dataclass(frozen=True)
class JobOutcome:
    """The outcome of a run, read from its result."""

    verdict: str
    """A key of ``VERDICTS``."""
    current: str = ""
    target: str = ""
    target_version: str = ""
    """Nautobot version of the target. Empty if the run had no target."""
    counts: dict[str, int] = field(default_factory=dict)
    """Number of findings by severity, and ``accepted``. Empty if no check ran."""
    not_checked: int = 0
    top_findings: tuple[TopFinding, ...] = ()
    not_checked_reasons: tuple[NotCheckedReason, ...] = ()
    rows: int | None = None
    """Number of rows that a snapshot captured."""
    headline: str = ""
    """The verdict as a sentence."""
    next_step: str = ""
    downtime: str = ""
    """The downtime class of the plan. Empty if there is no plan."""
    is_partial: bool = False
    """Whether the run was limited to some checks."""
    error: str = ""
    """Reason why the run was refused or crashed."""

    @property
    def downtime_text(self) -> str:
        """The downtime class in words."""
        return DOWNTIMES.get(self.downtime, self.downtime)

    @property
    def title(self) -> str:
        """The title of the verdict."""
        return VERDICTS[self.verdict]

    @property
    def has_verdict(self) -> bool:
        """Whether the checks of the run ran."""
        return self.verdict in REPORTED_VERDICTS

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.verdict not in UNFINISHED.values()


def parse_outcome(status: str, result: Any) -> JobOutcome:
    """Return the outcome of a run.

    Args:
        status: Status of the JobResult.
        result: Result of the JobResult: the result of a Job of this App, Nautobot's record of an
            exception, or None.
    """
    if status in UNFINISHED:
        return JobOutcome(UNFINISHED[status])
    if status == "REVOKED":
        return JobOutcome("cancelled")
    content = result if isinstance(result, dict) else {}
    verdict = content.get("verdict")
    if not isinstance(verdict, str) or verdict not in VERDICTS or verdict in UNFINISHED.values():
        verdict = "crashed" if status == "FAILURE" else "unknown"
        return JobOutcome(verdict, error=_parse_exception_message(content.get("exc_message")))
    return JobOutcome(
        verdict,
        current=_parse_text(content.get("current")),
        target=_parse_text(content.get("target")),
        target_version=_parse_version(content.get("target_version")),
        counts=_parse_counts(content.get("findings")),
        not_checked=_parse_number(content.get("not_checked")) or 0,
        top_findings=tuple(map(_parse_top_finding, _parse_dicts(content.get("top")))),
        not_checked_reasons=tuple(
            entry
            for entry in map(_parse_not_checked_reason, _parse_dicts(content.get("unseen")))
            if entry.checks
        ),
        rows=_parse_number(content.get("rows")),
        headline=_parse_text(content.get("headline")),
        next_step=_parse_text(content.get("next_step")),
        downtime=_parse_text(content.get("downtime")),
        is_partial=bool(content.get("only")),
        error=_parse_text(content.get("error")),
    )


def _parse_counts(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {name: _parse_number(value.get(name)) or 0 for name in (*SEVERITIES, "accepted")}


def _parse_top_finding(entry: dict[str, Any]) -> TopFinding:
    severity = entry.get("severity")
    return TopFinding(
        severity if severity in SEVERITIES else "info",
        str(entry.get("key") or ""),
        remove_code_marks(_parse_text(entry.get("message"))),
        remove_code_marks(_parse_text(entry.get("fix"))),
        _parse_text(entry.get("anchor")),
        _parse_number(entry.get("others")) or 0,
    )


def _parse_not_checked_reason(entry: dict[str, Any]) -> NotCheckedReason:
    return NotCheckedReason(
        _parse_text(entry.get("reason")), _parse_number(entry.get("checks")) or 0
    )


def _parse_dicts(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        return []
    return [entry for entry in value[:MAX_LIST_ITEMS] if isinstance(entry, dict)]


def _parse_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parse_exception_message(value: Any) -> str:
    """Return the text of an exception. A worker stores the arguments of an exception as a list."""
    arguments = value if isinstance(value, (list, tuple)) else [value]
    texts = (str(argument) for argument in arguments[:MAX_LIST_ITEMS] if argument is not None)
    return _parse_text(" ".join(texts))


def _parse_version(value: Any) -> str:
    text = _parse_text(value)
    return text if is_version(text) else ""


def _parse_text(value: Any) -> str:
    text = escape_invisible(value) if isinstance(value, str) else ""
    if len(text) <= MAX_TEXT_LENGTH:
        return text
    sentences = text[:MAX_TEXT_LENGTH].rpartition(". ")[0]  # An instruction is never cut.
    return f"{sentences}. …" if sentences else f"{text[:MAX_TEXT_LENGTH]}…"
