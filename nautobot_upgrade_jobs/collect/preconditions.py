"""Asks the rows whether they comply with what the migrations to come demand of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

from ..facts import Preconditions
from ..facts.preconditions import OperationCost, Precondition, PreconditionResult
from . import Context, explain
from .db.sql import fetch_rows, fetch_value
from .operations.derive_costs import operation_costs
from .operations.derive_preconditions import preconditions_of
from .operations.schema_tracker import SchemaTracker, TableRef
from .operations.source import find_referenced_models, mentions, operation_source
from .operations.value_counts import DropTarget, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

DROPS = "loses"
SAMPLE_SIZE = 5
"""Primary keys that are shown."""
SAFE_KEY_PATTERN = re.compile(r"\d+|[0-9a-f]{32}|[0-9a-f-]{36}")
"""Not the key of a session, say: whoever has it, is its user."""


def collect(context: Context) -> Preconditions:
    """Derive the demands from the operations of the plan, and try each with a query."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    if not plan:
        return Preconditions()
    demanded, work = _analyze_plan(
        SchemaTracker(executor._create_project_state(with_applied_migrations=True)), plan
    )
    goes = [one for one in demanded if one.kind == DROPS]
    answers = [
        *(test_precondition(context.connection, one) for one in demanded if one.kind != DROPS),
        *_count_dropped_values(context.connection, goes),
    ]
    broken = tuple(one for one in answers if one.affected_rows or one.unknown_reason)
    return Preconditions(broken, len(answers), len(plan), tuple(work))


def _analyze_plan(
    walk: SchemaTracker, plan: list[Migration]
) -> tuple[list[Precondition], list[OperationCost]]:
    """Go through the plan once; return what it demands, and what it has to do."""
    demanded, work = [], []
    code: list[tuple[str, str | None]] = []
    for number, migration in enumerate(plan):
        name = f"{migration.app_label}.{migration.name}"
        for one, place in walk.replay(migration):
            source = operation_source(migration, one)
            named = {"migration": name, "operation": type(one).__name__}
            if source != "":
                code.append((name, source))
                tables = [walk.current_table(*model) for model in find_referenced_models(source)]
                work += [
                    OperationCost("code", table=table or "", **named) for table in tables or [None]
                ]
            if place:
                if asked := derive_preconditions(one, walk, place):
                    after = (key for key, text in code if mentions(text, place.model, place.table))
                    known = {
                        "possibly_fixed_by": tuple(dict.fromkeys(after)),
                        "migrations_before": number,
                        **named,
                    }
                    demanded += [replace(demand, **known) for demand in asked]
                kinds = derive_costs(one, walk, place)
                work += [OperationCost(kind, table=place.table, **named) for kind in kinds]
    return demanded, work


def derive_preconditions(
    one: Operation, walk: SchemaTracker, place: TableRef
) -> list[Precondition]:
    """Return the demands of an operation; one that is too odd for us must not hide the others."""
    try:
        return list(preconditions_of(one, walk, place))
    except Exception as error:  # noqa: BLE001 - operations and fields are code of others
        return [Precondition("untried", "", "", place.table, bound=explain(error))]


def derive_costs(one: Operation, walk: SchemaTracker, place: TableRef) -> list[str]:
    """Return what an operation costs; nothing of one that is too odd for us."""
    try:
        return list(operation_costs(one, walk, place))
    except Exception:  # noqa: BLE001 - as above, where it is told
        return []


def _count_dropped_values(
    connection: BaseDatabaseWrapper, goes: list[Precondition]
) -> Iterator[PreconditionResult]:
    """Count the values in what goes."""
    asked = [DropTarget(one.table, one.columns[0] if one.columns else "") for one in goes]
    for one, count in zip(goes, count_values(connection, asked), strict=True):
        yield PreconditionResult(one, count.rows, unknown_reason=count.unknown)


def test_precondition(connection: BaseDatabaseWrapper, demand: Precondition) -> PreconditionResult:
    """Ask the rows whether they comply with a demand."""
    if demand.kind == "untried":
        return PreconditionResult(demand, 0, unknown_reason=demand.bound)
    try:
        where = _violation_condition(connection, demand)
        number = _count_violations(connection, demand, where)
    except DatabaseError as error:
        return PreconditionResult(demand, 0, unknown_reason=explain(error))
    return PreconditionResult(
        demand, number, _sample_matching_keys(connection, demand, where) if number else ()
    )


def _violation_condition(connection: BaseDatabaseWrapper, demand: Precondition) -> str:
    """Return the condition that rows meet which do not comply; names are quoted, none is a value.

    Of ``unique`` there is one for each value that is there more than once.
    """
    quote = connection.ops.quote_name
    columns = [quote(name) for name in demand.columns]
    if demand.kind in ("check", "range"):
        return f"NOT ({demand.bound})"
    if demand.kind == "unique":
        given = [f"{one} IS NOT NULL" for one in columns]
        return " AND ".join([*given, *([f"({demand.bound})"] if demand.bound else [])]) or "1 = 1"
    if not columns:  # a new one without a value for the rows that are there
        return "1 = 1"
    (column,) = columns
    if demand.kind == "not null":
        return f"{column} IS NULL"
    if demand.kind in ("length", "cut"):
        text = "CHAR" if connection.vendor == "mysql" else "text"
        return f"CHAR_LENGTH(CAST({column} AS {text})) > {int(demand.bound)}"
    table, _, key = demand.bound.rpartition(".")
    return (
        f"{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {quote(table)} r "  # noqa: S608
        f"WHERE r.{quote(key)} = {quote(demand.table)}.{column})"
    )


def _count_violations(connection: BaseDatabaseWrapper, demand: Precondition, where: str) -> int:
    quote = connection.ops.quote_name
    table = quote(demand.table)
    if demand.kind != "unique":
        return int(fetch_value(connection, f"SELECT count(*) FROM {table} WHERE {where}"))  # noqa: S608
    if not demand.columns:  # one default for all rows
        number = int(fetch_value(connection, f"SELECT count(*) FROM {table}"))  # noqa: S608
        return int(number > 1)
    return int(
        fetch_value(
            connection,
            f"SELECT count(*) FROM ({_duplicate_groups(quote, demand, where)}) d",  # noqa: S608
        )
    )


def _duplicate_groups(quote, demand: Precondition, where: str) -> str:
    columns = ", ".join(map(quote, demand.columns))
    return (
        f"SELECT {columns} FROM {quote(demand.table)} WHERE {where} "  # noqa: S608
        f"GROUP BY {columns} HAVING count(*) > 1"
    )


def sample_table_keys(connection: BaseDatabaseWrapper, table: str) -> tuple[str, ...]:
    """Return primary keys of some rows of a table."""
    return _sample_matching_keys(connection, Precondition("loses", "", "", table), "1 = 1")


def _sample_matching_keys(
    connection: BaseDatabaseWrapper, demand: Precondition, where: str
) -> tuple[str, ...]:
    """Return primary keys of some rows that are numbers or UUIDs; others may be anything."""
    quote = connection.ops.quote_name
    try:
        with connection.cursor() as cursor:
            key = connection.introspection.get_primary_key_column(cursor, demand.table)
        if not key:
            return ()
        order = ", ".join(f"t.{quote(one)}" for one in dict.fromkeys((*demand.columns, key)))
        query = f"SELECT t.{quote(key)} FROM (SELECT * FROM {quote(demand.table)} WHERE {where}) t"  # noqa: S608
        if demand.kind == "unique" and demand.columns:
            same = " AND ".join(f"d.{quote(one)} = t.{quote(one)}" for one in demand.columns)
            query += f" JOIN ({_duplicate_groups(quote, demand, where)}) d ON {same}"
        found = fetch_rows(connection, f"{query} ORDER BY {order} LIMIT {SAMPLE_SIZE}")
    except DatabaseError:
        return ()  # how many there are is known
    return tuple(str(one) for (one,) in found if SAFE_KEY_PATTERN.fullmatch(str(one)))
