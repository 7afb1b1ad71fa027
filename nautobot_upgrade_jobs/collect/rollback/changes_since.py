"""Counts what was written since a moment, by the change log and by the rows' own time stamps.

Plain SQL: on the way back, code and schema need not fit together.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.files.storage import default_storage
from django.db import Error as DatabaseError

from ...facts import Unavailable
from ...facts.changes_since import ChangesSince, LoggedChanges, TimestampChanges
from .. import Context, explain
from ..db.sql import fetch_rows
from ..files import raise_unless_missing

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TIMESTAMP_COLUMNS = ("created", "last_updated")
CHANGES_QUERY = """
    SELECT t.app_label, t.model, c.user_name, c.action, count(*)
    FROM extras_objectchange c JOIN django_content_type t ON t.id = c.changed_object_type_id
    WHERE c.time > %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
NEWEST_CHANGES_QUERY = """
    SELECT t.app_label, t.model, c.user_name, c.action, c.object_repr
    FROM extras_objectchange c JOIN django_content_type t ON t.id = c.changed_object_type_id
    WHERE c.time > %s ORDER BY c.time DESC LIMIT 1000
"""
POST_UPGRADE_GRACE = timedelta(minutes=10)
"""What the steps after the last migration are given."""
SAMPLE_SIZE = 3
"""Objects that are named."""


def collect(
    context: Context, since: datetime, upgrade: tuple[datetime, datetime] | None = None
) -> ChangesSince:
    """Count what is newer than a moment.

    Args:
        context: What to read through.
        since: The moment.
        upgrade: From when to when migrations were applied. They, and the steps that follow them,
            stamp what they write, too, and nothing logs that: it is left out.
    """
    connection = context.connection
    stamped, unknown = [], {}
    for table, columns in sorted(_timestamp_columns(connection).items()):
        try:
            created, updated = _count_newer_rows(connection, table, columns, since, upgrade)
        except DatabaseError as error:
            unknown[table] = explain(error)
        else:
            if created or updated:
                stamped.append(TimestampChanges(table, created, updated))
    return ChangesSince(
        since.isoformat(timespec="seconds"),
        _count_logged_changes(connection, since),
        tuple(stamped),
        unknown,
        _count_newer_media_files(since),
    )


def _count_newer_media_files(since: datetime) -> int | Unavailable:
    """Count the files that are younger; one that goes meanwhile is none."""
    try:
        root = default_storage.path("")
    except NotImplementedError:
        return Unavailable("media files are not on this host")
    try:
        return sum(
            _get_mtime(os.path.join(folder, name)) > since.timestamp()
            for folder, _, names in os.walk(root, onerror=raise_unless_missing)
            for name in names
        )
    except OSError as error:
        return Unavailable(explain(error))


def _get_mtime(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def _count_logged_changes(
    connection: BaseDatabaseWrapper, since: datetime
) -> tuple[LoggedChanges, ...] | Unavailable:
    try:
        found = fetch_rows(connection, CHANGES_QUERY, [since])
    except DatabaseError as error:
        return Unavailable(explain(error))
    names = _sample_object_names(connection, since)
    return tuple(
        LoggedChanges(
            f"{app}.{model}",
            str(user),
            str(action),
            int(number),
            tuple(names[app, model, user, action][:SAMPLE_SIZE]),
        )
        for app, model, user, action, number in found
    )


def _sample_object_names(
    connection: BaseDatabaseWrapper, since: datetime
) -> dict[tuple[str, ...], list[str]]:
    """Return the names of the newest objects, by model, user and action."""
    names: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for *kind, name in fetch_rows(connection, NEWEST_CHANGES_QUERY, [since]):
        names[tuple(map(str, kind))].append(str(name))
    return names


def _timestamp_columns(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    """Return the tables that have time stamps of their rows, and which."""
    schema = "DATABASE()" if connection.vendor == "mysql" else "current_schema()"
    found: dict[str, set[str]] = defaultdict(set)
    query = (
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "  # noqa: S608
        "JOIN information_schema.tables t ON t.table_schema = c.table_schema "
        "AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
        f"WHERE c.table_schema = {schema} AND c.column_name IN (%s, %s)"
    )
    for table, column in fetch_rows(connection, query, TIMESTAMP_COLUMNS):
        found[str(table)].add(str(column))
    return found


def _count_newer_rows(
    connection: BaseDatabaseWrapper,
    table: str,
    columns: set[str],
    since: datetime,
    upgrade: tuple[datetime, datetime] | None,
) -> tuple[int, int]:
    """Count rows that were created since then, and others that were changed."""
    quote = connection.ops.quote_name
    moments = [since]
    is_newer = "{0} > %s"
    if upgrade:
        began, ended = upgrade
        is_newer = "({0} > %s AND ({0} < %s OR {0} > %s))"
        moments += [began, ended + POST_UPGRADE_GRACE]
    created, updated = (
        is_newer.format(quote(name)) if name in columns else "" for name in TIMESTAMP_COLUMNS
    )
    conditions, parameters = [], []
    for condition in (
        created,
        f"{updated} AND NOT ({created})" if created and updated else updated,
    ):
        conditions.append(f"count(CASE WHEN {condition} THEN 1 END)" if condition else "0")
        parameters += moments * (condition.count("%s") // len(moments))
    query = f"SELECT {', '.join(conditions)} FROM {quote(table)}"  # noqa: S608 - quoted names
    ((first, second),) = fetch_rows(connection, query, parameters)
    return int(first), int(second)
