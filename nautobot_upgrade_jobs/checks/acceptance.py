"""Acceptances of findings: parse them, and split the active from the expired ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from .findings import NOT_CHECKED, Acceptance, Finding
from .remediation import When

FIELDS = ("finding", "reason", "who", "until", "target")
LINE_FORMAT = "check.id:subject | reason | YYYY-MM-DD"


class AcceptanceError(ValueError):
    """An acceptance is invalid. The message says which one and why."""


def parse_acceptances(entries: Any) -> tuple[Acceptance, ...]:
    """Parse the App's ``acceptances`` setting.

    Args:
        entries: A list of dicts with the keys ``finding``, ``reason``, ``who``, ``until``
            (a date or ``YYYY-MM-DD``) and ``target``.

    Raises:
        AcceptanceError: An entry lacks a key, has an unknown key or has an invalid date.
    """
    if not isinstance(entries, (list, tuple)):
        raise AcceptanceError("The setting 'acceptances' must be a list of dicts.")
    return tuple(_parse_entry(number, entry) for number, entry in enumerate(entries, start=1))


def is_acceptance(entry: Any) -> bool:
    """Return whether an entry of the setting ``acceptances`` is valid."""
    try:
        _parse_entry(1, entry)
    except (AcceptanceError, TypeError):
        return False
    return isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())


def parse_acceptance_lines(text: str, *, who: str, target: str) -> tuple[Acceptance, ...]:
    """Parse acceptances from a form or an option, one a line: ``key | reason | until``.

    Args:
        text: The lines; blank ones are ignored.
        who: The user who starts the run.
        target: The target of the run; an acceptance is valid for no other target.

    Raises:
        AcceptanceError: A line does not have three parts, or its date is invalid.
    """
    accepted = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        # A subject may contain the separator; a reason and a date may not.
        parts = [part.strip() for part in line.rsplit("|", 2)]
        if len(parts) != 3 or not all(parts):
            raise AcceptanceError(f"Accept line {number}: expected '{LINE_FORMAT}'.")
        finding, reason, until = parts
        accepted.append(
            Acceptance(finding, reason, who, _parse_date(until, f"line {number}"), target)
        )
    return tuple(accepted)


def split_active(
    acceptances: Iterable[Acceptance], *, today: date, target: str
) -> tuple[dict[str, Acceptance], tuple[Acceptance, ...]]:
    """Split acceptances into the active ones, by finding, and the expired ones."""
    active, expired = {}, []
    for acceptance in acceptances:
        if acceptance.is_active(today=today, target=target):
            active[acceptance.finding] = acceptance
        else:
            expired.append(acceptance)
    return active, tuple(expired)


def split_matching(
    active: Mapping[str, Acceptance], keys: Iterable[str]
) -> tuple[dict[str, Acceptance], tuple[Acceptance, ...]]:
    """Split acceptances into those that match exactly one finding, and all others.

    An acceptance is a decision about the one finding that its author has read. A key of several
    findings accepts none of them.
    """
    counts = Counter(keys)
    matched = {key: acceptance for key, acceptance in active.items() if counts[key] == 1}
    return matched, tuple(acceptance for key, acceptance in active.items() if key not in matched)


def accepted_absences(acceptances: Iterable[Acceptance], *, today: date) -> frozenset[str]:
    """Return the topics and sections that a snapshot may lack, for any target.

    The ``finding`` of such an acceptance is the topic or section, with ``NOT_CHECKED`` as the
    subject.
    """
    return frozenset(
        section
        for acceptance in acceptances
        if acceptance.until >= today
        for section, _, subject in [acceptance.finding.partition(":")]
        if subject == NOT_CHECKED
    )


def split_refused(
    accepted: Mapping[str, Acceptance], findings: Mapping[str, Finding]
) -> tuple[dict[str, Acceptance], tuple[Acceptance, ...]]:
    """Split the acceptances of a planned upgrade into those that count and those that do not.

    An acceptance does not fix what stops the upgrade. It can only schedule a fix that belongs to
    the maintenance window, as a step of the plan.

    Args:
        accepted: The acceptances that match one finding, by its key.
        findings: The findings by key.
    """
    refused = {
        key
        for key in accepted.keys() & findings.keys()
        if findings[key].stops_upgrade and findings[key].when is not When.WINDOW
    }
    counted = {key: each for key, each in accepted.items() if key not in refused}
    return counted, tuple(each for key, each in accepted.items() if key in refused)


def _parse_entry(number: int, entry: Any) -> Acceptance:
    context = f"entry {number} of the setting 'acceptances'"
    if not isinstance(entry, Mapping) or set(entry) != set(FIELDS):
        raise AcceptanceError(f"{context}: expected a dict with the keys {', '.join(FIELDS)}.")
    values = {name: str(entry[name]).strip() for name in FIELDS}
    if not all(values.values()):
        raise AcceptanceError(f"{context}: no value may be empty.")
    return Acceptance(
        values["finding"],
        values["reason"],
        values["who"],
        _parse_date(values["until"], context),
        values["target"],
    )


def _parse_date(text: str, context: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AcceptanceError(f"{context}: {text!r} is not a date like 2027-01-31.") from None
