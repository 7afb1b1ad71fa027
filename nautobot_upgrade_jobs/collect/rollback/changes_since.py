"""Count the changes since a point in time, by change log, row timestamps and media files.

The module uses plain SQL, because code and schema may not match during a rollback.
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
from ..context import Context, explain
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
"""Time after the last migration in which changes are attributed to the post-upgrade steps."""
COMPUTED_ROWS = {
    "extras_job": "1 = 1",
    "extras_staticgroupassociation": "dynamic_group_id IN "
    "(SELECT id FROM extras_dynamicgroup WHERE group_type <> 'static')",
}
"""By table: the rows that Nautobot writes on its own, at any time. `post_upgrade` and every start
of a worker refresh the records of Jobs, and each refresh of a dynamic group stores its members.
Changes by users are in the change log."""
SAMPLE_SIZE = 3
"""Number of objects that are named."""


def collect(
    context: Context, since: datetime, upgrade: tuple[datetime, datetime] | None = None
) -> ChangesSince:
    """Count the changes since a point in time.

    Args:
        context: The context of the run, with the database connection.
        since: The point in time.
        upgrade: The times of the first and the last applied migration. Migrations and post-upgrade
            steps set timestamps of rows but write no change log. Rows changed in this time are not
            counted by their timestamps.
    """
    connection = context.connection
    changed, unknown = [], {}
    for table, columns in sorted(_timestamp_columns(connection).items()):
        try:
            created, updated = _count_newer_rows(connection, table, columns, since, upgrade)
        except DatabaseError as error:
            unknown[table] = explain(error)
        else:
            if created or updated:
                changed.append(TimestampChanges(table, created, updated))
    return ChangesSince(
        since.isoformat(timespec="seconds"),
        _count_logged_changes(connection, since),
        tuple(changed),
        unknown,
        _count_newer_media_files(since),
    )


def _count_newer_media_files(since: datetime) -> int | Unavailable:
    """Count the media files that changed since. A file that disappears meanwhile does not count."""
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
        rows = fetch_rows(connection, CHANGES_QUERY, [since])
    except DatabaseError as error:
        return Unavailable(explain(error))
    names = _sample_object_names(connection, since)
    return tuple(
        LoggedChanges(
            f"{app}.{model}",
            str(user),
            str(action),
            int(count),
            tuple(names[app, model, user, action][:SAMPLE_SIZE]),
        )
        for app, model, user, action, count in rows
    )


def _sample_object_names(
    connection: BaseDatabaseWrapper, since: datetime
) -> dict[tuple[str, ...], list[str]]:
    """Return the names of the last changed objects, by model, user and action."""
    names: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for *group, name in fetch_rows(connection, NEWEST_CHANGES_QUERY, [since]):
        names[tuple(map(str, group))].append(str(name))
    return names


def _timestamp_columns(connection: BaseDatabaseWrapper) -> dict[str, set[str]]:
    """Return the timestamp columns of each table that has any."""
    is_mysql = connection.vendor == "mysql"
    schema = "= DATABASE()" if is_mysql else "= ANY (current_schemas(false))"
    columns: dict[str, set[str]] = defaultdict(set)
    query = (
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "  # noqa: S608
        "JOIN information_schema.tables t ON t.table_schema = c.table_schema "
        "AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
        f"WHERE c.table_schema {schema} AND c.column_name IN (%s, %s)"
    )
    for table, column in fetch_rows(connection, query, TIMESTAMP_COLUMNS):
        columns[str(table)].add(str(column))
    return columns


def _count_newer_rows(
    connection: BaseDatabaseWrapper,
    table: str,
    columns: set[str],
    since: datetime,
    upgrade: tuple[datetime, datetime] | None,
) -> tuple[int, int]:
    """Count the rows that were created since, and the older rows that were changed since."""
    quote = connection.ops.quote_name
    times = [since]
    is_newer = "{0} > %s"
    if upgrade:
        first_applied, last_applied = upgrade
        is_newer = "({0} > %s AND ({0} < %s OR {0} > %s))"
        times += [first_applied, last_applied + POST_UPGRADE_GRACE]
    created, updated = (
        is_newer.format(quote(name)) if name in columns else "" for name in TIMESTAMP_COLUMNS
    )
    counts, parameters = [], []
    for condition in (
        created,
        f"{updated} AND NOT ({created})" if created and updated else updated,
    ):
        counts.append(f"count(CASE WHEN {condition} THEN 1 END)" if condition else "0")
        parameters += times * (condition.count("%s") // len(times))
    computed = COMPUTED_ROWS.get(table, "1 = 0")
    query = f"SELECT {', '.join(counts)} FROM {quote(table)} WHERE NOT ({computed})"  # noqa: S608
    ((created_rows, updated_rows),) = fetch_rows(connection, query, parameters)
    return int(created_rows), int(updated_rows)
