"""Collect what checks of other packages read, in a read-only session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...checks.site_modules import site_collectors
from ...facts import Unavailable
from ..context import Context, attempt, guard
from ..db.read_only_session import read_only_session

Collector = Callable[[Context], Any]


def collect_site_facts(statement_timeout_seconds: int, database_alias: str) -> Mapping[type, Any]:
    """Return the facts of other packages by type. An exception becomes the reason of one type.

    Args:
        statement_timeout_seconds: The database ends a query after this time.
        database_alias: The entry of ``DATABASES`` to read through.
    """
    collectors = site_collectors()
    if not collectors:
        return {}
    found: dict[type, Any] = {}
    with (
        guard() as outcome,
        read_only_session(statement_timeout_seconds, database_alias) as connection,
    ):
        context = Context(connection)
        for kind, collector in collectors.items():
            connection.close_if_unusable_or_obsolete()
            found[kind] = _run(collector, context)
    failure = outcome.failure.reason if outcome.failure else "not collected"
    return dict.fromkeys(collectors, Unavailable(failure)) | found


def _run(collector: Collector, context: Context) -> Any:
    """Return the facts of one collector, which is code of another package."""
    return attempt(partial(collector, context), expected=(Exception, SystemExit))
