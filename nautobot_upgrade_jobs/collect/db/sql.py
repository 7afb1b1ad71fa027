"""Run small SQL queries on the read-only session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MAX_EXAMPLES = 10
"""Number of rows that a finding shows as evidence."""


def fetch_rows(
    connection: BaseDatabaseWrapper, query: str, parameters: Sequence[Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run a query and return all of its rows. Use it only for results that are always small."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def fetch_value(
    connection: BaseDatabaseWrapper, query: str, parameters: Sequence[Any] | None = None
) -> Any:
    """Run a query and return the only column of its only row."""
    ((result,),) = fetch_rows(connection, query, parameters)
    return result


def count_with_examples(
    connection: BaseDatabaseWrapper, query: str
) -> tuple[int, list[tuple[Any, ...]]]:
    """Return the number of rows that a query selects, and the first rows."""
    first = fetch_rows(
        connection,
        f"SELECT matches.*, count(*) OVER () FROM ({query}) matches LIMIT {MAX_EXAMPLES}",  # noqa: S608
    )
    return (first[0][-1], [row[:-1] for row in first]) if first else (0, [])


def list_recorded_migrations(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """Return the keys in ``django_migrations``, such as ``dcim.0001_initial``, as recorded."""
    rows = fetch_rows(connection, "SELECT app, name FROM django_migrations ORDER BY id")
    return tuple(f"{app}.{name}" for app, name in rows)


def list_columns(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """Return the columns of a table in the database. An empty set if the table does not exist."""
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return set()
        description = connection.introspection.get_table_description(cursor, table)
    return {column.name for column in description}
