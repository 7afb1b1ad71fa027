"""Read the objects that use tables, from the catalog of the server."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...facts.schema_dependents import DependentKind, SchemaDependent
from ..db.postgresql import FIRST_NORMAL_OBJECT_ID, is_visible_table
from ..db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# An index, a check, a default and a sequence are part of the table. Only a generated column is both
# part of the table and an object that depends on another column. The server records the dependency
# for the column or for its default (PostgreSQL 18).
POSTGRESQL_QUERY = f"""
    SELECT DISTINCT
        CASE d.classid
            WHEN 'pg_rewrite'::regclass THEN
                CASE WHEN w.rulename <> '_RETURN' THEN 'rule'
                     WHEN c.relkind = 'm' THEN 'materialized view' ELSE 'view' END
            WHEN 'pg_trigger'::regclass THEN 'trigger'
            WHEN 'pg_proc'::regclass THEN 'function'
            WHEN 'pg_policy'::regclass THEN 'policy'
            WHEN 'pg_publication_rel'::regclass THEN 'publication'
            WHEN 'pg_constraint'::regclass THEN 'foreign key'
            ELSE 'generated column'
        END,
        CASE WHEN w.rulename = '_RETURN'
             THEN (pg_identify_object('pg_class'::regclass, w.ev_class, 0)).identity
             WHEN e.oid IS NOT NULL
             THEN (pg_identify_object('pg_class'::regclass, e.adrelid, e.adnum)).identity
             ELSE i.identity END,
        t.relname, coalesce(a.attname, ''), k.conrelid::regclass::text
    FROM pg_depend d
    JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid
        AND t.relkind IN ('r', 'p') AND {is_visible_table("t")}
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        AND d.refobjsubid > 0
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_class c ON c.oid = w.ev_class
    LEFT JOIN pg_trigger g ON d.classid = 'pg_trigger'::regclass AND g.oid = d.objid
    LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_attrdef e ON d.classid = 'pg_attrdef'::regclass AND e.oid = d.objid
    LEFT JOIN pg_attribute f ON f.attrelid = e.adrelid AND f.attnum = e.adnum
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
    WHERE d.deptype IN ('n', 'a')
        AND (
            d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass,
                          'pg_publication_rel'::regclass)
            OR NOT g.tgisinternal
            OR (k.contype = 'f' AND k.confrelid = t.oid AND k.conrelid <> t.oid)
            OR (d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.objsubid > 0)
            OR (f.attgenerated <> '' AND d.refobjsubid <> e.adnum)
        )
    ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - a constant
POSTGRESQL_ROW_COLUMNS = f"""
    SELECT DISTINCT (pg_identify_object('pg_class'::regclass, a.attrelid, a.attnum)).identity,
        t.relname, b.attname
    FROM pg_class t
    JOIN pg_type y ON y.oid = t.reltype
    JOIN pg_attribute a ON a.atttypid IN (y.oid, y.typarray) AND NOT a.attisdropped
    JOIN pg_class o ON o.oid = a.attrelid AND o.relkind IN ('r', 'p')
    JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum > 0 AND NOT b.attisdropped
    WHERE t.relkind IN ('r', 'p') AND {is_visible_table("t")}
    ORDER BY 1, 2, 3
"""  # noqa: S608 - a constant
"""Columns whose type is the row type of a table. The server then refuses a new type of a column."""
POSTGRESQL_OBJECTS_ON_OBJECTS = f"""
    SELECT DISTINCT
        CASE WHEN w.oid IS NULL THEN 'function'
             WHEN c.relkind = 'm' THEN 'materialized view' ELSE 'view' END,
        (pg_identify_object(
            CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END,
            coalesce(c.oid, d.objid), 0)).identity,
        (pg_identify_object(d.refclassid, d.refobjid, 0)).identity
    FROM pg_depend d
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
        AND w.rulename = '_RETURN'
    LEFT JOIN pg_class c ON c.oid = w.ev_class
    LEFT JOIN pg_class v ON d.refclassid = 'pg_class'::regclass AND v.oid = d.refobjid
    WHERE d.deptype = 'n' AND (w.oid IS NOT NULL OR d.classid = 'pg_proc'::regclass)
        AND (
            (v.relkind IN ('v', 'm') AND v.oid IS DISTINCT FROM c.oid)
            OR (d.refclassid = 'pg_proc'::regclass AND d.refobjid <> d.objid
                AND d.refobjid >= {FIRST_NORMAL_OBJECT_ID})
        )
    ORDER BY 2, 3
"""  # noqa: S608 - a constant
"""Views and functions that use another view or function."""
POSTGRESQL_TRIGGER_CODE = f"""
    SELECT (pg_identify_object('pg_trigger'::regclass, g.oid, 0)).identity, t.relname, p.prosrc
    FROM pg_trigger g
    JOIN pg_class t ON t.oid = g.tgrelid AND {is_visible_table("t")}
    JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
"""  # noqa: S608 - a constant
TABLE_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema {schema}
"""
MYSQL_VIEWS = """
    SELECT v.table_name, u.table_name, v.view_definition
    FROM information_schema.view_table_usage u
    JOIN information_schema.views v
        ON v.table_schema = u.view_schema AND v.table_name = u.view_name
    WHERE u.table_schema = database() AND u.view_schema = database()
"""
MYSQL_TRIGGER_CODE = """
    SELECT trigger_name, event_object_table, action_statement FROM information_schema.triggers
    WHERE event_object_schema = database()
"""
MYSQL_GENERATED = """
    SELECT column_name, table_name, generation_expression FROM information_schema.columns
    WHERE table_schema = database() AND generation_expression <> ''
"""
MYSQL_FOREIGN_KEYS = """
    SELECT constraint_name, table_name, referenced_table_name, referenced_column_name
    FROM information_schema.key_column_usage
    WHERE referenced_table_schema = database() AND table_schema = database()
        AND table_name <> referenced_table_name
"""


def read_triggers(connection: BaseDatabaseWrapper) -> list[tuple[str, str, str]]:
    """Return the full name, the table and the code of each enabled trigger."""
    if connection.vendor == "postgresql":
        return list(fetch_rows(connection, POSTGRESQL_TRIGGER_CODE))
    quote = connection.ops.quote_name
    return [
        (f"{quote(name)} on {quote(table)}", table, text)
        for name, table, text in fetch_rows(connection, MYSQL_TRIGGER_CODE)
    ]


def postgresql_dependents(
    connection: BaseDatabaseWrapper, tables: Collection[str]
) -> Iterator[SchemaDependent]:
    """Yield the objects that use a visible table, and were not created by a migration.

    Args:
        connection: The database.
        tables: The tables that migrations have created.
    """
    yield from _with_objects_on_objects(
        [
            SchemaDependent(DependentKind(kind), name, table, column)
            for kind, name, table, column, owner in fetch_rows(connection, POSTGRESQL_QUERY)
            if (owner or "").strip('"') not in tables
        ],
        [
            (DependentKind(kind), outer, inner)
            for kind, outer, inner in fetch_rows(connection, POSTGRESQL_OBJECTS_ON_OBJECTS)
        ],
    )
    for name, table, column in fetch_rows(connection, POSTGRESQL_ROW_COLUMNS):
        yield SchemaDependent(DependentKind.ROW_COLUMN, name, table, column)
    # The server knows on which table a trigger is, but not what its code reads.
    columns = _columns_by_table(connection, "= ANY (current_schemas(false))")
    yield from _columns_in_triggers(read_triggers(connection), columns)


def mysql_dependents(
    connection: BaseDatabaseWrapper, tables: Collection[str]
) -> Iterator[SchemaDependent]:
    """Yield the objects that use a table, as ``postgresql_dependents`` does."""
    quote = connection.ops.quote_name
    columns = _columns_by_table(connection, "= database()")
    views = fetch_rows(connection, MYSQL_VIEWS)
    names = {view for view, *_ in views}
    yield from _with_objects_on_objects(
        [
            SchemaDependent(DependentKind.VIEW, quote(view), table, column, is_tracked=False)
            for view, table, definition in views
            if table not in names
            for column in ("", *_quoted_names(definition, columns.get(table, [])))
        ],
        [
            (DependentKind.VIEW, quote(view), quote(table))
            for view, table, _ in views
            if table in names
        ],
    )
    for name, table, expression in fetch_rows(connection, MYSQL_GENERATED):
        for column in _quoted_names(expression, columns[table]):
            full_name = f"{quote(table)}.{quote(name)}"
            yield SchemaDependent(DependentKind.GENERATED_COLUMN, full_name, table, column)
    for name, owner, table, column in fetch_rows(connection, MYSQL_FOREIGN_KEYS):
        if owner not in tables:
            full_name = f"{quote(name)} on {quote(owner)}"
            yield SchemaDependent(DependentKind.FOREIGN_KEY, full_name, table, column)
    code = read_triggers(connection)
    for full_name, table, _ in code:
        yield SchemaDependent(DependentKind.TRIGGER, full_name, table)
    yield from _columns_in_triggers(code, columns)


def _with_objects_on_objects(
    dependents: Sequence[SchemaDependent],
    uses: Sequence[tuple[DependentKind, str, str]],
    inside: frozenset[str] = frozenset(),
) -> Iterator[SchemaDependent]:
    """Yield the dependents in the order in which they must be dropped.

    A view comes after the views that use it.

    A view on a view uses all tables and columns that the inner view uses.

    Args:
        dependents: The objects that use a table directly.
        uses: For each object that uses another one: its kind, its name, and the other name.
        inside: The names of the inner objects, so that no object is visited twice on one path.
    """
    for dependent in dependents:
        outer = [
            replace(dependent, kind=kind, name=name)
            for kind, name, inner in uses
            if inner == dependent.name and name not in inside
        ]
        yield from _with_objects_on_objects(outer, uses, inside | {dependent.name})
        yield dependent


def _columns_in_triggers(
    triggers: Sequence[tuple[str, str, str]], columns: Mapping[str, Sequence[str]]
) -> Iterator[SchemaDependent]:
    """Yield the columns of its table that the code of a trigger names as ``NEW.x`` or ``OLD.x``.

    Args:
        triggers: The name, the table and the code of each trigger.
        columns: The columns of each table.
    """
    for name, table, code in triggers:
        for column in columns[table]:
            if re.search(rf"\b(NEW|OLD)\s*\.\s*[\"`]?{re.escape(column)}\b", code, re.IGNORECASE):
                yield SchemaDependent(DependentKind.TRIGGER, name, table, column, is_tracked=False)


def _columns_by_table(connection: BaseDatabaseWrapper, schema: str) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for table, column in fetch_rows(connection, TABLE_COLUMNS.format(schema=schema)):
        columns.setdefault(table, []).append(column)
    return columns


def _quoted_names(text: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the names in a definition. MySQL quotes each name in what it stores."""
    return (name for name in names if f"`{name}`" in text)
