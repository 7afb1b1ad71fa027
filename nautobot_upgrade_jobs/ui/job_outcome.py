"""What a run of ours has left in its result, read with suspicion: the pages rest on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..common.text import escape_invisible

UNFINISHED = {"PENDING": "waiting", "RECEIVED": "waiting", "STARTED": "running", "RETRY": "running"}
"""States of a run that has not ended, by their names in Nautobot."""
VERDICTS = {
    "go": "Go",
    "caution": "Caution",
    "blocked": "Blocked",
    "incomplete": "Incomplete",
    "complete": "Complete",
    "error": "Refused",
    "crashed": "Crashed",
    "unknown": "No verdict",
    "cancelled": "Cancelled",
    "waiting": "Waiting for a worker",
    "running": "Running",
}
"""What a run can have come to, and how a page says it."""
REPORTED_VERDICTS = ("go", "caution", "blocked", "incomplete", "complete")
"""Verdicts of runs that looked; the others did not get that far."""
SEVERITIES = ("blocker", "warning", "info")
MAX_TEXT_LENGTH = 400
MAX_LIST_ITEMS = 50
"""So much of a list is read; our own results are far shorter."""


@dataclass(frozen=True)
class TopFinding:
    """One of the findings that weigh most."""

    severity: str
    key: str
    message: str


@dataclass(frozen=True)
class UnansweredReason:
    """Why checks could not look."""

    reason: str
    checks: int


@dataclass(frozen=True)
class JobOutcome:
    """What became of a run, as far as its small result says."""

    verdict: str
    """A key of ``VERDICTS``."""
    current: str = ""
    target: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by severity, and ``accepted``; empty if nothing was judged."""
    not_checked: int = 0
    top_findings: tuple[TopFinding, ...] = ()
    unanswered: tuple[UnansweredReason, ...] = ()
    rows: int | None = None
    """That a snapshot has captured."""
    error: str = ""
    """Why nothing was looked at."""

    @property
    def title(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]

    @property
    def has_verdict(self) -> bool:
        """Whether the run got as far as to say something of the installation."""
        return self.verdict in REPORTED_VERDICTS

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self.verdict not in UNFINISHED.values()


def parse_outcome(status: str, result: Any) -> JobOutcome:
    """Return what became of a run.

    Args:
        status: Of the JobResult, as Nautobot names it.
        result: Of the JobResult: ours, or what Nautobot keeps of an exception, or nothing.
    """
    if status in UNFINISHED:
        return JobOutcome(UNFINISHED[status])
    if status == "REVOKED":
        return JobOutcome("cancelled")
    given = result if isinstance(result, dict) else {}
    verdict = given.get("verdict")
    if not isinstance(verdict, str) or verdict not in VERDICTS or verdict in UNFINISHED.values():
        verdict = "crashed" if status == "FAILURE" else "unknown"
        return JobOutcome(verdict, error=_parse_exception_message(given.get("exc_message")))
    return JobOutcome(
        verdict,
        current=_parse_text(given.get("current")),
        target=_parse_text(given.get("target")),
        counts=_parse_counts(given.get("findings")),
        not_checked=_parse_number(given.get("not_checked")) or 0,
        top_findings=tuple(map(_parse_top_finding, _parse_dicts(given.get("top")))),
        unanswered=tuple(
            one
            for one in map(_parse_unanswered_reason, _parse_dicts(given.get("unseen")))
            if one.checks
        ),
        rows=_parse_number(given.get("rows")),
        error=_parse_text(given.get("error")),
    )


def _parse_counts(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {name: _parse_number(value.get(name)) or 0 for name in (*SEVERITIES, "accepted")}


def _parse_top_finding(given: dict[str, Any]) -> TopFinding:
    severity = given.get("severity")
    return TopFinding(
        severity if severity in SEVERITIES else "info",
        _parse_text(given.get("key")),
        _parse_text(given.get("message")),
    )


def _parse_unanswered_reason(given: dict[str, Any]) -> UnansweredReason:
    return UnansweredReason(
        _parse_text(given.get("reason")), _parse_number(given.get("checks")) or 0
    )


def _parse_dicts(value: Any) -> list[dict[str, Any]]:
    return (
        [one for one in value[:MAX_LIST_ITEMS] if isinstance(one, dict)]
        if isinstance(value, list)
        else []
    )


def _parse_number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parse_exception_message(value: Any) -> str:
    """Return the text of an exception: of one that a worker caught, its arguments as a list."""
    given = value if isinstance(value, (list, tuple)) else [value]
    return _parse_text(" ".join(str(one) for one in given[:MAX_LIST_ITEMS] if one is not None))


def _parse_text(value: Any) -> str:
    text = escape_invisible(value) if isinstance(value, str) else ""
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]}…"
