"""The shape of all tables, in the server's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..facts import Listing, Schema
from . import Context
from .db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Each query returns table, name and description; the tables are those of Nautobot's schema.
POSTGRESQL_QUERIES = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
               || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    """,
    "indexes": """
        SELECT c.relname, i.relname, replace(pg_get_indexdef(i.oid), current_schema() || '.', '')
               || CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END
        FROM pg_index x
        JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    """,
    "constraints": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('c', 'f', 'p', 'u')
    """,
}
MYSQL_QUERIES = {
    "columns": """
        SELECT table_name, column_name,
               concat(column_type, if(is_nullable = 'NO', ' not null', ''))
        FROM information_schema.columns WHERE table_schema = database()
    """,
    "indexes": """
        SELECT table_name, index_name, concat(if(min(non_unique) = 0, 'unique ', ''), '(',
               group_concat(concat(coalesce(column_name, expression),
                                   if(collation = 'D', ' DESC', '')) ORDER BY seq_in_index), ')')
        FROM information_schema.statistics WHERE table_schema = database()
        GROUP BY table_name, index_name
    """,
    "constraints": """
        SELECT t.table_name, t.constraint_name, concat(t.constraint_type, ' (',
               coalesce(group_concat(k.column_name ORDER BY k.ordinal_position), {checked}), ') ',
               coalesce(min(k.referenced_table_name), ''){state})
        FROM information_schema.table_constraints t {checks}
        LEFT JOIN information_schema.key_column_usage k
          USING (constraint_schema, table_name, constraint_name)
        WHERE t.constraint_schema = database()
        GROUP BY t.table_name, t.constraint_name, t.constraint_type
    """,
}


# Before 8.0.16, MySQL reads a check and forgets it.
CHECK_CONSTRAINT_SQL = {
    "checked": "min(c.check_clause), ''",
    "state": ", if(min(t.enforced) = 'NO', 'NOT ENFORCED', '')",
    "checks": "LEFT JOIN information_schema.check_constraints c "
    "USING (constraint_schema, constraint_name)",
}
NO_CHECK_CONSTRAINT_SQL = {"checked": "''", "state": "", "checks": ""}


def collect(context: Context) -> Schema:
    """Read columns, indexes and constraints from the server's catalog."""
    connection = context.connection
    queries = POSTGRESQL_QUERIES
    if connection.vendor == "mysql":
        knows_checks = connection.mysql_version >= (8, 0, 16)
        words = CHECK_CONSTRAINT_SQL if knows_checks else NO_CHECK_CONSTRAINT_SQL
        queries = {part: query.format(**words) for part, query in MYSQL_QUERIES.items()}
    return Schema(**{part: _query_listing(connection, query) for part, query in queries.items()})


def _query_listing(connection: BaseDatabaseWrapper, query: str) -> Listing:
    found = fetch_rows(connection, query)
    return Listing({f"{table}.{name}": _decode_text(what) for table, name, what in found})


def _decode_text(what: str | bytes) -> str:
    return what.decode() if isinstance(what, bytes) else str(what)
