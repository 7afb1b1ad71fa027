"""Acceptances that were stored in the UI. Constance keeps them, so this App needs no table.

The entries of the settings file take precedence. Both are effective at the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from constance import config
from constance.models import Constance
from constance.settings import DATABASE_PREFIX
from django.db import transaction

from ..app_settings import APP, read_stored_acceptances
from .acceptance_snippet import build_entry
from .job_runs import can_accept_findings

KEY = f"{APP}__acceptances"


def may_store(user: Any) -> bool:
    """Return whether a user may accept findings and change the configuration of Nautobot."""
    return can_accept_findings(user) and user.has_perm("constance.change_config")


def store(*, today: date, **fields: str) -> None:
    """Store an acceptance. It replaces one of the same finding for the same target.

    Args:
        today: The current date. The acceptance must not end before this date.
        fields: As those of ``build_entry``.

    Raises:
        AcceptanceError: A field is empty, or the date is invalid or in the past.
    """
    entry = build_entry(today=today, **fields)
    with _locked():
        _write([*_list_others(entry["finding"], entry["target"]), entry])


def withdraw(finding: str, target: str) -> None:
    """Remove the stored acceptance of a finding for a target."""
    with _locked():
        _write(_list_others(finding, target))


@contextmanager
def _locked() -> Iterator[None]:
    """Keep two users from replacing each other's entries."""
    row = Constance.objects.filter(key=f"{DATABASE_PREFIX}{KEY}")
    if not row.exists():
        _write([])
    with transaction.atomic():
        list(row.select_for_update())
        yield


def _list_others(finding: str, target: str) -> list[dict[str, str]]:
    stored = read_stored_acceptances()
    return [one for one in stored if (one.get("finding"), one.get("target")) != (finding, target)]


def _write(entries: list[dict[str, str]]) -> None:
    setattr(config, KEY, entries)
