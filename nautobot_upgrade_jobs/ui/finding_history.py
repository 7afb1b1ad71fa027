"""Findings across two runs: what is new, what stays, what is gone, and what nobody looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..common.text import escape_invisible
from .job_outcome import MAX_TEXT_LENGTH, SEVERITIES

NEW, OPEN, FIXED, ACCEPTED, NOT_CHECKED = "new", "open", "fixed", "accepted", "not looked at"
STATE_ORDER = (NEW, OPEN, NOT_CHECKED, ACCEPTED, FIXED)
Document = dict[str, Any]


@dataclass(frozen=True)
class FindingHistory:
    """One finding, and what became of it."""

    state: str
    severity: str
    key: str
    message: str
    note: str = ""
    """Who has accepted it, why, and until when."""

    @property
    def display_key(self) -> str:
        """The key as a page shows it; whoever accepts the finding needs the key itself."""
        return _parse_text(self.key)

    @property
    def acceptable(self) -> bool:
        """Whether somebody could decide to live with it."""
        return self.state in (NEW, OPEN) and self.severity != "info"


def diff_findings(newer: Document, older: Document | None) -> tuple[FindingHistory, ...]:
    """Return the findings of two runs, what is to be done first.

    Args:
        newer: A report as ``report/schema`` has it.
        older: The one before it, for the same target; None if there is none: nothing is new then.
    """
    before = _index_findings(older) if older else {}
    now = _index_findings(newer)
    unanswered = {_parse_text(one.get("check")) for one in _parse_dicts(newer, "not_checked")}
    answered = {_parse_text(one.get("check")) for one in _parse_dicts(newer, "checks")} - unanswered
    seen = [
        _classify_finding(key, one, new=bool(older) and key not in before)
        for key, one in now.items()
    ]
    seen += [
        _build_entry(FIXED if _parse_text(one.get("check")) in answered else NOT_CHECKED, key, one)
        for key, one in before.items()
        if key not in now
    ]
    return tuple(sorted(seen, key=_sort_key))


def _classify_finding(key: str, finding: Document, *, new: bool) -> FindingHistory:
    accepted = finding.get("accepted")
    if not isinstance(accepted, dict):
        return _build_entry(NEW if new else OPEN, key, finding)
    who, until, why = (_parse_text(accepted.get(name)) for name in ("who", "until", "reason"))
    return _build_entry(ACCEPTED, key, finding, f"by {who} until {until}: {why}")


def _build_entry(state: str, key: str, finding: Document, note: str = "") -> FindingHistory:
    severity = finding.get("severity")
    return FindingHistory(
        state,
        severity if severity in SEVERITIES else "info",
        key,
        _parse_text(finding.get("message")),
        note,
    )


def _sort_key(one: FindingHistory) -> tuple[int, int]:
    return STATE_ORDER.index(one.state), SEVERITIES.index(one.severity)


def _index_findings(document: Document) -> dict[str, Document]:
    """Return the findings of a report by key."""
    found = ((one.get("key"), one) for one in _parse_dicts(document, "findings"))
    return {key: one for key, one in found if isinstance(key, str) and key}


def _parse_dicts(document: Document, name: str) -> list[Document]:
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _parse_text(value: Any) -> str:
    return escape_invisible(value[:MAX_TEXT_LENGTH]) if isinstance(value, str) else ""
