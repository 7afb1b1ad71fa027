"""Compare the findings of two runs: new, open, not checked, accepted or fixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..common.text import escape_invisible, remove_code_marks
from .job_outcome import MAX_TEXT_LENGTH, SEVERITIES

NEW, OPEN, FIXED, ACCEPTED, NOT_CHECKED = "new", "open", "fixed", "accepted", "not checked"
STATUS_ORDER = (NEW, OPEN, NOT_CHECKED, ACCEPTED, FIXED)
TIMES = {"window": "in the window", "after": "after the upgrade"}
"""Words for the times of a fix that do not explain themselves."""
Document = dict[str, Any]


@dataclass(frozen=True)
class FindingHistory:
    """One finding and its status since the earlier run."""

    status: str
    severity: str
    key: str
    message: str
    can_be_accepted: bool = True
    """False if the report says that an acceptance has no effect."""
    note: str = ""
    """Who accepted the finding, until when, and why."""
    record: Document = field(default_factory=dict, compare=False)
    """The finding as the report has it."""

    @property
    def area(self) -> str:
        """What the finding is about: the first part of its key."""
        return _parse_text(self.key.partition(".")[0]).replace("_", " ")

    @property
    def when(self) -> str:
        """The time of the fix. Empty if unknown, or if there is nothing to fix."""
        if self.severity == "info":
            return ""
        when = _parse_text(self.record.get("when"))
        return TIMES.get(when, when)

    @property
    def rank(self) -> tuple[int, int]:
        """The place in the order of urgency."""
        return self.status_rank, self.severity_rank

    @property
    def status_rank(self) -> int:
        """The place of the status in the order of urgency."""
        return STATUS_ORDER.index(self.status)

    @property
    def severity_rank(self) -> int:
        """The place of the severity in the order of urgency."""
        return SEVERITIES.index(self.severity)

    @property
    def is_current(self) -> bool:
        """Whether the newer of the two runs has the finding."""
        return self.status not in (FIXED, NOT_CHECKED)

    @property
    def display_key(self) -> str:
        """The key, shortened and escaped for display. An acceptance requires the exact ``key``."""
        return _parse_text(self.key)

    @property
    def acceptable(self) -> bool:
        """Whether a user can accept the finding."""
        is_open = self.status in (NEW, OPEN) and self.severity != "info"
        return is_open and self.can_be_accepted


def diff_findings(newer: Document, older: Document | None) -> tuple[FindingHistory, ...]:
    """Return the findings of two runs, the most urgent first.

    Args:
        newer: A JSON report, as ``report/schema`` defines it.
        older: The previous report for the same target. If None, no finding is new.
    """
    previous = _index_findings(older) if older else {}
    current = _index_findings(newer)
    checked = _collect_answered(newer)
    entries = [
        _classify_finding(key, finding, new=bool(older) and key not in previous)
        for key, finding in current.items()
    ]
    entries += [
        _build_entry(
            FIXED if _parse_text(finding.get("check")) in checked else NOT_CHECKED, key, finding
        )
        for key, finding in previous.items()
        if key not in current
    ]
    return tuple(sorted(entries, key=lambda entry: entry.rank))


def _collect_answered(document: Document) -> set[str]:
    """Return the ids of the checks that ran."""
    return _collect_check_ids(document, "checks") - _collect_check_ids(document, "not_checked")


def _collect_check_ids(document: Document, name: str) -> set[str]:
    return {_parse_text(entry.get("check")) for entry in _parse_dicts(document, name)}


def _classify_finding(key: str, finding: Document, *, new: bool) -> FindingHistory:
    accepted = finding.get("accepted")
    if not isinstance(accepted, dict):
        return _build_entry(NEW if new else OPEN, key, finding)
    who, until, reason = (_parse_text(accepted.get(name)) for name in ("who", "until", "reason"))
    return _build_entry(ACCEPTED, key, finding, f"by {who} until {until}: {reason}")


def _build_entry(status: str, key: str, finding: Document, note: str = "") -> FindingHistory:
    severity = finding.get("severity")
    return FindingHistory(
        status,
        severity if severity in SEVERITIES else "info",
        key,
        remove_code_marks(_parse_text(finding.get("message"))),
        finding.get("acceptable") is not False,
        note,
        finding,
    )


def find_status(document: Document, key: str) -> str:
    """Return what one report says about a finding: open, accepted, fixed or not checked.

    Args:
        document: A JSON report.
        key: Key of a finding that another report has.
    """
    finding = _index_findings(document).get(key)
    if finding is None:
        return FIXED if key.partition(":")[0] in _collect_answered(document) else NOT_CHECKED
    return ACCEPTED if isinstance(finding.get("accepted"), dict) else OPEN


def _index_findings(document: Document) -> dict[str, Document]:
    """Return the findings of a report by key."""
    entries = ((finding.get("key"), finding) for finding in _parse_dicts(document, "findings"))
    return {key: finding for key, finding in entries if isinstance(key, str) and key}


def _parse_dicts(document: Document, name: str) -> list[Document]:
    entries = document.get(name)
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]


def _parse_text(value: Any) -> str:
    return escape_invisible(value[:MAX_TEXT_LENGTH]) if isinstance(value, str) else ""
