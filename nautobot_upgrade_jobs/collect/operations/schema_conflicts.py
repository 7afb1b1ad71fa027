"""Compare what pending operations create, change and drop with the actual schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from ...facts import or_none
from ...facts.schema_conflicts import ObjectKind, SchemaConflict
from ...migration_graph.schema_diff import actual_tables
from ...migration_graph.schema_simulation import ObjectChange, SchemaSimulation
from .. import schema
from ..context import Context, attempt
from ..db.postgresql import SYSTEM_SCHEMAS, is_visible_table
from ..db.sql import fetch_rows
from .object_changes import object_changes
from .source import Code

RELATIONS_QUERIES = {
    "postgresql": f"""
        SELECT c.relname, CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
               WHEN 'c' THEN 'type' ELSE 'view' END
        FROM pg_class c
        WHERE {is_visible_table("c")} AND c.relkind IN ('v', 'm', 'S', 'f', 'c')
    """,  # noqa: S608 - a constant
    "mysql": "SELECT table_name, 'view' FROM information_schema.views "
    "WHERE table_schema = database()",
}
TYPES_QUERY = f"""
    SELECT typname FROM pg_type
    WHERE pg_type_is_visible(oid) AND typtype IN ('d', 'e', 'r')
        AND typnamespace <> ALL ({SYSTEM_SCHEMAS})
"""  # noqa: S608 - a constant
SCHEMA_CHANGE_IN_CODE = re.compile(
    r"\b(ALTER|CREATE|DROP|RENAME)\s+(UNIQUE\s+)?(TABLE|INDEX|VIEW|SEQUENCE)\b"
    r"|schema_editor\.(?!connection)",
    re.IGNORECASE,
)
"""Text that code contains if it changes the schema."""


class PlannedChange(NamedTuple):
    """One change of the schema by a pending migration."""

    change: ObjectChange
    migration: str
    operation: str
    """Class of the operation."""
    migrations_before: int
    earlier_code: int
    """Number of code operations that run before it."""
    stops: bool = True
    """Whether the migration stops if the schema refuses the change."""


def list_object_changes(
    operation: Operation, app: str, state: ProjectState
) -> tuple[ObjectChange, ...]:
    """Return the changes of an operation. None if a field of an App cannot be read.

    Args:
        operation: The next database operation of the plan.
        app: Label of the App of its migration.
        state: The models before the operation.
    """
    changes = attempt(lambda: tuple(object_changes(operation, app, state)), expected=Exception)
    return or_none(changes) or ()


def find_schema_conflicts(
    context: Context, planned: Sequence[PlannedChange], code: Sequence[Code]
) -> Iterator[SchemaConflict]:
    """Yield the planned changes that the actual schema refuses, in the order of the plan.

    A table that earlier code of the plan changes by statements of its own is left out, because
    only a run shows what that code leaves.

    Args:
        context: The database.
        planned: The changes of the plan, in order.
        code: The code that the plan runs, in order.
    """
    connection = context.connection
    rows = fetch_rows(connection, RELATIONS_QUERIES[connection.vendor])
    relations = {name: ObjectKind(kind) for name, kind in rows}
    types = fetch_rows(connection, TYPES_QUERY) if connection.vendor == "postgresql" else []
    simulation = SchemaSimulation(
        actual_tables(schema.collect(context)),
        relations,
        [name for (name,) in types],
        connection.vendor,
    )
    for each in planned:
        refusal = simulation.apply(each.change)
        if refusal is None or not each.stops:
            continue
        if not _is_changed_by_code(refusal.object.table, code[: each.earlier_code]):
            yield SchemaConflict(
                refusal.object,
                each.migration,
                each.operation,
                each.migrations_before,
                refusal.used_by,
            )


def _is_changed_by_code(table: str, code: Sequence[Code]) -> bool:
    """Return whether code contains statements on the schema and the name of the table."""
    name = re.compile(rf"\b{re.escape(table)}\b")
    texts = (each.text for each in code if each.text)
    return any(SCHEMA_CHANGE_IN_CODE.search(text) and name.search(text) for text in texts)
