"""Findings across two runs: what is new, what stays, what is gone, and what nobody looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..common.text import visible
from .job_outcome import LONGEST_TEXT, SEVERITIES

NEW, STAYS, FIXED, ACCEPTED, UNSEEN = "new", "open", "fixed", "accepted", "not looked at"
ORDER = (NEW, STAYS, UNSEEN, ACCEPTED, FIXED)
Document = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """One finding, and what became of it."""

    state: str
    severity: str
    key: str
    message: str
    note: str = ""
    """Who has accepted it, why, and until when."""

    @property
    def name(self) -> str:
        """The key as a page shows it; whoever accepts the finding needs the key itself."""
        return _text(self.key)

    @property
    def acceptable(self) -> bool:
        """Whether somebody could decide to live with it."""
        return self.state in (NEW, STAYS) and self.severity != "info"


def across(newer: Document, older: Document | None) -> tuple[Seen, ...]:
    """Return the findings of two runs, what is to be done first.

    Args:
        newer: A report as ``report/schema`` has it.
        older: The one before it, for the same target; None if there is none: nothing is new then.
    """
    before = _findings(older) if older else {}
    now = _findings(newer)
    unanswered = {_text(one.get("check")) for one in _dicts(newer, "not_checked")}
    answered = {_text(one.get("check")) for one in _dicts(newer, "checks")} - unanswered
    seen = [_seen(key, one, new=bool(older) and key not in before) for key, one in now.items()]
    seen += [
        _as(FIXED if _text(one.get("check")) in answered else UNSEEN, key, one)
        for key, one in before.items()
        if key not in now
    ]
    return tuple(sorted(seen, key=_weight))


def _seen(key: str, finding: Document, *, new: bool) -> Seen:
    accepted = finding.get("accepted")
    if not isinstance(accepted, dict):
        return _as(NEW if new else STAYS, key, finding)
    who, until, why = (_text(accepted.get(name)) for name in ("who", "until", "reason"))
    return _as(ACCEPTED, key, finding, f"by {who} until {until}: {why}")


def _as(state: str, key: str, finding: Document, note: str = "") -> Seen:
    severity = finding.get("severity")
    return Seen(
        state,
        severity if severity in SEVERITIES else "info",
        key,
        _text(finding.get("message")),
        note,
    )


def _weight(one: Seen) -> tuple[int, int]:
    return ORDER.index(one.state), SEVERITIES.index(one.severity)


def _findings(document: Document) -> dict[str, Document]:
    """Return the findings of a report by key."""
    found = ((one.get("key"), one) for one in _dicts(document, "findings"))
    return {key: one for key, one in found if isinstance(key, str) and key}


def _dicts(document: Document, name: str) -> list[Document]:
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(value: Any) -> str:
    return visible(value[:LONGEST_TEXT]) if isinstance(value, str) else ""
