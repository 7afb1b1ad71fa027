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

from ..facts import Demands
from ..facts.demands import Answer, Demand, Work
from . import Context, explain
from .db.sql import rows, value
from .operations.derive_costs import kinds_of_work
from .operations.derive_preconditions import demands
from .operations.schema_tracker import Place, Walk
from .operations.source import models_in, names, source_of
from .operations.value_counts import Goes, counted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

GOES = "loses"
SAMPLE = 5
"""Primary keys that are shown."""
SHOWN_KEY = re.compile(r"\d+|[0-9a-f]{32}|[0-9a-f-]{36}")
"""Not the key of a session, say: whoever has it, is its user."""


def collect(context: Context) -> Demands:
    """Derive the demands from the operations of the plan, and try each with a query."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    if not plan:
        return Demands()
    demanded, work = _read(Walk(executor._create_project_state(with_applied_migrations=True)), plan)
    goes = [one for one in demanded if one.kind == GOES]
    answers = [
        *(answer(context.connection, one) for one in demanded if one.kind != GOES),
        *_values(context.connection, goes),
    ]
    broken = tuple(one for one in answers if one.rows or one.unknown)
    return Demands(broken, len(answers), len(plan), tuple(work))


def _read(walk: Walk, plan: list[Migration]) -> tuple[list[Demand], list[Work]]:
    """Go through the plan once; return what it demands, and what it has to do."""
    demanded, work = [], []
    code: list[tuple[str, str | None]] = []
    for number, migration in enumerate(plan):
        name = f"{migration.app_label}.{migration.name}"
        for one, place in walk.steps(migration):
            source = source_of(migration, one)
            named = {"migration": name, "operation": type(one).__name__}
            if source != "":
                code.append((name, source))
                tables = [walk.table_of(*model) for model in models_in(source)]
                work += [Work("code", table=table or "", **named) for table in tables or [None]]
            if place:
                if asked := demands_of(one, walk, place):
                    after = (key for key, text in code if names(text, place.model, place.table))
                    known = {"after": tuple(dict.fromkeys(after)), "number": number, **named}
                    demanded += [replace(demand, **known) for demand in asked]
                kinds = kinds_of(one, walk, place)
                work += [Work(kind, table=place.table, **named) for kind in kinds]
    return demanded, work


def demands_of(one: Operation, walk: Walk, place: Place) -> list[Demand]:
    """Return the demands of an operation; one that is too odd for us must not hide the others."""
    try:
        return list(demands(one, walk, place))
    except Exception as error:  # noqa: BLE001 - operations and fields are code of others
        return [Demand("untried", "", "", place.table, limit=explain(error))]


def kinds_of(one: Operation, walk: Walk, place: Place) -> list[str]:
    """Return what an operation costs; nothing of one that is too odd for us."""
    try:
        return list(kinds_of_work(one, walk, place))
    except Exception:  # noqa: BLE001 - as above, where it is told
        return []


def _values(connection: BaseDatabaseWrapper, goes: list[Demand]) -> Iterator[Answer]:
    """Count the values in what goes."""
    asked = [Goes(one.table, one.columns[0] if one.columns else "") for one in goes]
    for one, count in zip(goes, counted(connection, asked), strict=True):
        yield Answer(one, count.rows, unknown=count.unknown)


def answer(connection: BaseDatabaseWrapper, demand: Demand) -> Answer:
    """Ask the rows whether they comply with a demand."""
    if demand.kind == "untried":
        return Answer(demand, 0, unknown=demand.limit)
    try:
        where = _violation(connection, demand)
        number = _count(connection, demand, where)
    except DatabaseError as error:
        return Answer(demand, 0, unknown=explain(error))
    return Answer(demand, number, _sample(connection, demand, where) if number else ())


def _violation(connection: BaseDatabaseWrapper, demand: Demand) -> str:
    """Return the condition that rows meet which do not comply; names are quoted, none is a value.

    Of ``unique`` there is one for each value that is there more than once.
    """
    quote = connection.ops.quote_name
    columns = [quote(name) for name in demand.columns]
    if demand.kind in ("check", "range"):
        return f"NOT ({demand.limit})"
    if demand.kind == "unique":
        given = [f"{one} IS NOT NULL" for one in columns]
        return " AND ".join([*given, *([f"({demand.limit})"] if demand.limit else [])]) or "1 = 1"
    if not columns:  # a new one without a value for the rows that are there
        return "1 = 1"
    (column,) = columns
    if demand.kind == "not null":
        return f"{column} IS NULL"
    if demand.kind in ("length", "cut"):
        text = "CHAR" if connection.vendor == "mysql" else "text"
        return f"CHAR_LENGTH(CAST({column} AS {text})) > {int(demand.limit)}"
    table, _, key = demand.limit.rpartition(".")
    return (
        f"{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {quote(table)} r "  # noqa: S608
        f"WHERE r.{quote(key)} = {quote(demand.table)}.{column})"
    )


def _count(connection: BaseDatabaseWrapper, demand: Demand, where: str) -> int:
    quote = connection.ops.quote_name
    table = quote(demand.table)
    if demand.kind != "unique":
        return int(value(connection, f"SELECT count(*) FROM {table} WHERE {where}"))  # noqa: S608
    if not demand.columns:  # one default for all rows
        number = int(value(connection, f"SELECT count(*) FROM {table}"))  # noqa: S608
        return int(number > 1)
    return int(value(connection, f"SELECT count(*) FROM ({_doubles(quote, demand, where)}) d"))  # noqa: S608


def _doubles(quote, demand: Demand, where: str) -> str:
    columns = ", ".join(map(quote, demand.columns))
    return (
        f"SELECT {columns} FROM {quote(demand.table)} WHERE {where} "  # noqa: S608
        f"GROUP BY {columns} HAVING count(*) > 1"
    )


def sample_of(connection: BaseDatabaseWrapper, table: str) -> tuple[str, ...]:
    """Return primary keys of some rows of a table."""
    return _sample(connection, Demand("loses", "", "", table), "1 = 1")


def _sample(connection: BaseDatabaseWrapper, demand: Demand, where: str) -> tuple[str, ...]:
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
            query += f" JOIN ({_doubles(quote, demand, where)}) d ON {same}"
        found = rows(connection, f"{query} ORDER BY {order} LIMIT {SAMPLE}")
    except DatabaseError:
        return ()  # how many there are is known
    return tuple(str(one) for (one,) in found if SHOWN_KEY.fullmatch(str(one)))
