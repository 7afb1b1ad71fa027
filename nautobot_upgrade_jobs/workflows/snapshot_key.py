"""Recognize a snapshot that was captured with another ``SECRET_KEY``."""

from __future__ import annotations

from ..common.errors import UsageError
from ..facts import Facts, Unavailable
from ..snapshot.file_format import Snapshot


def require_same_key(snapshot: Snapshot, facts: Facts) -> None:
    """Refuse a snapshot whose digests were computed with another key than those of the facts.

    Raises:
        UsageError: The snapshot is of another installation, or its ``SECRET_KEY`` was changed.
    """
    before, now = (_get_key_id(each) for each in (snapshot.facts, facts))
    if before and now and before != now:
        raise UsageError(
            f"The snapshot of {snapshot.instance} was captured with another SECRET_KEY, so nothing "
            "can be compared. It is of another installation, or the SECRET_KEY was changed."
        )


def _get_key_id(facts: Facts) -> str:
    return "" if isinstance(facts.fingerprints, Unavailable) else facts.fingerprints.key_id
