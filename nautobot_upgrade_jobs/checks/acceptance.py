"""Decisions to live with a finding: reading them, and telling which still hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from .findings import Acceptance

FIELDS = ("finding", "reason", "who", "until", "target")
LINE_FORMAT = "check.id:subject | reason | YYYY-MM-DD"


class AcceptanceError(ValueError):
    """An acceptance cannot be understood; the message says which and what is wrong."""


def parse_acceptances(entries: Any) -> tuple[Acceptance, ...]:
    """Read the App's ``acceptances`` setting.

    Args:
        entries: A list of dicts with the keys ``finding``, ``reason``, ``who``, ``until``
            (a date or ``YYYY-MM-DD``) and ``target``.

    Raises:
        AcceptanceError: An entry lacks a key, has an unknown one, or its date is none.
    """
    if not isinstance(entries, (list, tuple)):
        raise AcceptanceError("The setting 'acceptances' must be a list of dicts.")
    return tuple(_parse_entry(number, entry) for number, entry in enumerate(entries, start=1))


def parse_acceptance_lines(text: str, *, who: str, target: str) -> tuple[Acceptance, ...]:
    """Read acceptances from a form or an option, one a line: ``key | reason | until``.

    Args:
        text: The lines; blank ones do not count.
        who: The user who asks for the run.
        target: The target of the run; an acceptance never reaches beyond it.

    Raises:
        AcceptanceError: A line does not have three parts, or its date is none.
    """
    accepted = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        # A subject may hold the separator; a reason and a date do not.
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
    """Split acceptances into those that hold, by finding, and those that have lapsed."""
    acceptances = tuple(acceptances)
    held = {one.finding: one for one in acceptances if one.is_active(today=today, target=target)}
    lapsed = tuple(one for one in acceptances if not one.is_active(today=today, target=target))
    return held, lapsed


def split_matching(
    held: Mapping[str, Acceptance], keys: Iterable[str]
) -> tuple[dict[str, Acceptance], tuple[Acceptance, ...]]:
    """Split acceptances into those of exactly one finding, and all others.

    An acceptance is a decision about the one finding that its author has read; where a key stands
    for several, nobody has decided about them.
    """
    counts = Counter(keys)
    matched = {key: one for key, one in held.items() if counts[key] == 1}
    return matched, tuple(one for key, one in held.items() if key not in matched)


def _parse_entry(number: int, entry: Any) -> Acceptance:
    where = f"entry {number} of the setting 'acceptances'"
    if not isinstance(entry, Mapping) or set(entry) != set(FIELDS):
        raise AcceptanceError(f"{where}: expected a dict with the keys {', '.join(FIELDS)}.")
    values = {name: str(entry[name]).strip() for name in FIELDS}
    if not all(values.values()):
        raise AcceptanceError(f"{where}: no value may be empty.")
    return Acceptance(
        values["finding"],
        values["reason"],
        values["who"],
        _parse_date(values["until"], where),
        values["target"],
    )


def _parse_date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AcceptanceError(f"{where}: {text!r} is not a date like 2027-01-31.") from None
