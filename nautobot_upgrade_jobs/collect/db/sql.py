"""Run small SQL queries on the read-only session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


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
