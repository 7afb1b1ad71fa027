"""Collect the tables and their numbers of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..facts import Tables
from ..facts.tables import Table
from .context import Context
from .db.postgresql import is_visible_table
from .db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

EXACT_COUNT_LIMIT = 50_000
"""If the estimate is higher, the table is not counted and the estimate is reported."""
ESTIMATE_QUERIES = {
    # Without statistics (-1), use the size on disk as the limit: a row has at least 24 bytes.
    "postgresql": f"""
        SELECT c.relname,
            CASE WHEN c.reltuples < 0 THEN pg_relation_size(c.oid) / 24
                 ELSE c.reltuples END::bigint,
            pg_total_relation_size(c.oid), has_table_privilege(c.oid, 'SELECT')
        FROM pg_class c WHERE {is_visible_table("c")} AND c.relkind IN ('r', 'p') ORDER BY 1
    """,  # noqa: S608 - a constant
    "mysql": "SELECT table_name, coalesce(table_rows, 0), "
    "coalesce(data_length + index_length, 0), true FROM information_schema.tables "
    "WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY 1",
}


def collect(context: Context) -> Tables:
    """List all tables, and count the small ones in one statement."""
    connection = context.connection
    owned = connection.introspection.django_table_names(include_views=False)
    estimates = {
        str(name): (int(estimate), int(size))
        for name, estimate, size, readable in fetch_rows(
            connection, ESTIMATE_QUERIES[connection.vendor]
        )
        # Tables of other applications may be unreadable. Nautobot's tables must be readable.
        if readable or name in owned
    }
    small = [name for name, (estimate, _) in estimates.items() if estimate <= EXACT_COUNT_LIMIT]
    exact = _count_rows(connection, small)
    return Tables(
        tables=tuple(
            Table(name, exact.get(name, estimate), name in exact, size)
            for name, (estimate, size) in estimates.items()
        ),
        model_tables=tuple(sorted({*owned, "django_migrations"})),
    )


def _count_rows(connection: BaseDatabaseWrapper, names: list[str]) -> dict[str, int]:
    if not names:
        return {}
    quote = connection.ops.quote_name
    query = " UNION ALL ".join(
        f"SELECT {position}, count(*) FROM {quote(name)}"  # noqa: S608 - names from the server
        for position, name in enumerate(names)
    )
    return {names[position]: int(count) for position, count in fetch_rows(connection, query)}
