"""What a run of ours has left in its result, read with suspicion: the pages rest on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..common.text import visible

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
LOOKED = ("go", "caution", "blocked", "incomplete", "complete")
"""Verdicts of runs that looked; the others did not get that far."""
SEVERITIES = ("blocker", "warning", "info")
LONGEST_TEXT = 400
MOST = 50
"""So much of a list is read; our own results are far shorter."""


@dataclass(frozen=True)
class Top:
    """One of the findings that weigh most."""

    severity: str
    key: str
    message: str


@dataclass(frozen=True)
class Unseen:
    """Why checks could not look."""

    reason: str
    checks: int


@dataclass(frozen=True)
class Outcome:
    """What became of a run, as far as its small result says."""

    verdict: str
    """A key of ``VERDICTS``."""
    current: str = ""
    target: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by severity, and ``accepted``; empty if nothing was judged."""
    not_checked: int = 0
    top: tuple[Top, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    rows: int | None = None
    """That a snapshot has captured."""
    error: str = ""
    """Why nothing was looked at."""

    @property
    def title(self) -> str:
        """The verdict in words."""
        return VERDICTS[self.verdict]

    @property
    def looked(self) -> bool:
        """Whether the run got as far as to say something of the installation."""
        return self.verdict in LOOKED

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self.verdict not in UNFINISHED.values()


def outcome_of(status: str, result: Any) -> Outcome:
    """Return what became of a run.

    Args:
        status: Of the JobResult, as Nautobot names it.
        result: Of the JobResult: ours, or what Nautobot keeps of an exception, or nothing.
    """
    if status in UNFINISHED:
        return Outcome(UNFINISHED[status])
    if status == "REVOKED":
        return Outcome("cancelled")
    given = result if isinstance(result, dict) else {}
    verdict = given.get("verdict")
    if not isinstance(verdict, str) or verdict not in VERDICTS or verdict in UNFINISHED.values():
        verdict = "crashed" if status == "FAILURE" else "unknown"
        return Outcome(verdict, error=_words(given.get("exc_message")))
    return Outcome(
        verdict,
        current=_text(given.get("current")),
        target=_text(given.get("target")),
        counts=_counts(given.get("findings")),
        not_checked=_number(given.get("not_checked")) or 0,
        top=tuple(map(_top, _dicts(given.get("top")))),
        unseen=tuple(one for one in map(_unseen, _dicts(given.get("unseen"))) if one.checks),
        rows=_number(given.get("rows")),
        error=_text(given.get("error")),
    )


def _counts(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {name: _number(value.get(name)) or 0 for name in (*SEVERITIES, "accepted")}


def _top(given: dict[str, Any]) -> Top:
    severity = given.get("severity")
    return Top(
        severity if severity in SEVERITIES else "info",
        _text(given.get("key")),
        _text(given.get("message")),
    )


def _unseen(given: dict[str, Any]) -> Unseen:
    return Unseen(_text(given.get("reason")), _number(given.get("checks")) or 0)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _words(value: Any) -> str:
    """Return the text of an exception: of one that a worker caught, its arguments as a list."""
    given = value if isinstance(value, (list, tuple)) else [value]
    return _text(" ".join(str(one) for one in given[:MOST] if one is not None))


def _text(value: Any) -> str:
    text = visible(value) if isinstance(value, str) else ""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
