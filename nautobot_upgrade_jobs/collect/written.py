"""Counts what was written since a moment, by the change log and by the rows' own time stamps.

Plain SQL: on the way back, code and schema need not fit together.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from ..facts import Unavailable
from ..facts.written import Change, Stamped, Written
from . import Context, explain
from .sql import rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

STAMPS = ("created", "last_updated")
CHANGES = """
    SELECT t.app_label, t.model, c.user_name, c.action, count(*)
    FROM extras_objectchange c JOIN django_content_type t ON t.id = c.changed_object_type_id
    WHERE c.time > %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def collect(context: Context, since: datetime) -> Written:
    """Count what is newer than a moment."""
    connection = context.connection
    stamped, unknown = [], {}
    for table, columns in sorted(_stamps(connection).items()):
        try:
            created, updated = _newer(connection, table, columns, since)
        except DatabaseError as error:
            unknown[table] = explain(error)
        else:
            if created or updated:
                stamped.append(Stamped(table, created, updated))
    return Written(
        since.isoformat(timespec="seconds"), _changes(connection, since), tuple(stamped), unknown
    )


def _changes(connection: BaseDatabaseWrapper, since: datetime) -> tuple[Change, ...] | Unavailable:
    try:
        found = rows(connection, CHANGES, [since])
    except DatabaseError as error:
        return Unavailable(explain(error))
    return tuple(
        Change(f"{app}.{model}", str(user), str(action), int(number))
        for app, model, user, action, number in found
    )


def _stamps(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    """Return the tables that have time stamps of their rows, and which."""
    schema = "DATABASE()" if connection.vendor == "mysql" else "current_schema()"
    found: dict[str, set[str]] = defaultdict(set)
    query = (
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "  # noqa: S608
        "JOIN information_schema.tables t ON t.table_schema = c.table_schema "
        "AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
        f"WHERE c.table_schema = {schema} AND c.column_name IN (%s, %s)"
    )
    for table, column in rows(connection, query, STAMPS):
        found[str(table)].add(str(column))
    return found


def _newer(
    connection: BaseDatabaseWrapper, table: str, columns: set[str], since: datetime
) -> tuple[int, int]:
    """Count rows that were created since then, and others that were changed."""
    quote = connection.ops.quote_name
    created, updated = (f"{quote(name)} > %s" if name in columns else "" for name in STAMPS)
    conditions, parameters = [], []
    for condition in (
        created,
        f"{updated} AND NOT ({created})" if created and updated else updated,
    ):
        conditions.append(f"count(CASE WHEN {condition} THEN 1 END)" if condition else "0")
        parameters += [since] * condition.count("%s")
    query = f"SELECT {', '.join(conditions)} FROM {quote(table)}"  # noqa: S608 - quoted names
    ((first, second),) = rows(connection, query, parameters)
    return int(first), int(second)
