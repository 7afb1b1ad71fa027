"""Collect the schema of all tables from the server's catalog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..facts import Listing, Schema
from .context import Context
from .db.postgresql import is_visible_table
from .db.sql import fetch_rows

# Each query returns: table, name, description, and a condition: whether a row needs no value for
# the column, whether the server uses the index, and whether it enforces the constraint.
POSTGRESQL_QUERIES = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
               || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
               NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '' OR {filled}
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE {visible} AND c.relkind IN ('r', 'p')
    """,
    "indexes": """
        SELECT c.relname, i.relname,
               replace(pg_get_indexdef(i.oid), c.relnamespace::regnamespace || '.', '')
               || CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END, x.indisvalid
        FROM pg_index x
        JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_class i ON i.oid = x.indexrelid
        WHERE {visible} AND c.relkind IN ('r', 'p')
    """,
    "constraints": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        WHERE {visible} AND k.contype IN ('c', 'f', 'p', 'u')
    """,
}
POSTGRESQL_VIEWS = """
    SELECT c.relname FROM pg_class c WHERE {visible} AND c.relkind IN ('v', 'm', 'f')
"""
MYSQL_VIEWS = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = database() AND table_type = 'VIEW'
"""
FILLED_BY_TRIGGER = """
    EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal
            AND g.tgenabled IN ('O', 'A') AND g.tgtype & 7 = 7)
"""
"""Whether an enabled trigger runs before each new row (bits 1, 2 and 4), and may fill a column."""
MYSQL_QUERIES = {
    "columns": """
        SELECT table_name, column_name,
               concat(column_type, if(is_nullable = 'NO', ' not null', '')),
               is_nullable = 'YES' OR column_default IS NOT NULL OR extra <> '' OR EXISTS (
                   SELECT 1 FROM information_schema.triggers g
                   WHERE g.event_object_schema = database() AND g.event_object_table = c.table_name
                       AND g.event_manipulation = 'INSERT' AND g.action_timing = 'BEFORE')
        FROM information_schema.columns c
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = database() AND table_type = 'BASE TABLE'
    """,
    "indexes": """
        SELECT table_name, index_name, concat(if(min(non_unique) = 0, 'unique ', ''), '(',
               group_concat(concat(coalesce(column_name, expression),
                                   if(collation = 'D', ' DESC', '')) ORDER BY seq_in_index), ')'),
               1
        FROM information_schema.statistics WHERE table_schema = database()
        GROUP BY table_name, index_name
    """,
    "constraints": """
        SELECT t.table_name, t.constraint_name, concat(t.constraint_type, ' (',
               coalesce(group_concat(k.column_name ORDER BY k.ordinal_position), {checked}), ') ',
               coalesce(min(k.referenced_table_name), ''){state}), {valid}
        FROM information_schema.table_constraints t {checks}
        LEFT JOIN information_schema.key_column_usage k
          USING (constraint_schema, table_name, constraint_name)
        WHERE t.constraint_schema = database()
        GROUP BY t.table_name, t.constraint_name, t.constraint_type
    """,
}


# MySQL before 8.0.16 parses check constraints but ignores them.
CHECK_CONSTRAINT_SQL = {
    "checked": "min(c.check_clause), ''",
    "state": ", if(min(t.enforced) = 'NO', 'NOT ENFORCED', '')",
    "valid": "min(t.enforced) <> 'NO'",
    "checks": "LEFT JOIN information_schema.check_constraints c "
    "USING (constraint_schema, constraint_name)",
}
NO_CHECK_CONSTRAINT_SQL = {"checked": "''", "state": "", "valid": "1", "checks": ""}


def collect(context: Context) -> Schema:
    """Read columns, indexes and constraints from the server's catalog."""
    connection = context.connection
    queries, views = POSTGRESQL_QUERIES, POSTGRESQL_VIEWS
    parts = {"visible": is_visible_table("c"), "filled": FILLED_BY_TRIGGER}
    if connection.vendor == "mysql":
        supports_checks = connection.mysql_version >= (8, 0, 16)
        queries, views = MYSQL_QUERIES, MYSQL_VIEWS
        parts = CHECK_CONSTRAINT_SQL if supports_checks else NO_CHECK_CONSTRAINT_SQL
    rows = {name: fetch_rows(connection, query.format(**parts)) for name, query in queries.items()}
    return Schema(
        **{name: _build_listing(part) for name, part in rows.items()},
        invalid_indexes=_list_unmet(rows["indexes"]),
        unvalidated_constraints=_list_unmet(rows["constraints"]),
        required_columns=_list_unmet(rows["columns"]),
        views=tuple(sorted(name for (name,) in fetch_rows(connection, views.format(**parts)))),
    )


def _build_listing(rows: Iterable[tuple[Any, ...]]) -> Listing:
    return Listing({f"{table}.{name}": _decode_text(text) for table, name, text, *_ in rows})


def _list_unmet(rows: Iterable[tuple[Any, ...]]) -> tuple[str, ...]:
    return tuple(sorted(f"{table}.{name}" for table, name, _, is_met in rows if not is_met))


def _decode_text(text: str | bytes) -> str:
    return text.decode() if isinstance(text, bytes) else str(text)
