"""Test whether existing rows satisfy the preconditions of pending migrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from ..facts import Preconditions
from ..facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
)
from .context import Context, attempt, explain
from .db.sql import fetch_rows, fetch_value
from .operations.content_type_cascades import content_type_cascades, removed_models
from .operations.plan_analysis import SQL_CONDITIONS, analyze_plan
from .operations.schema_conflicts import (
    find_schema_conflicts,
)
from .operations.schema_dependents import find_affected_dependents
from .operations.schema_tracker import SchemaTracker
from .operations.source import describe_code
from .operations.value_counts import DropTarget, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MISSING_EXTENSION_QUERY = """
    SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = %s)
        AND NOT EXISTS (
            SELECT FROM pg_available_extension_versions v
            JOIN pg_roles r ON r.rolname = current_user
            WHERE v.name = %s AND (r.rolsuper OR NOT v.superuser OR (
                v.trusted AND has_database_privilege(current_database(), 'CREATE')))
        )
"""
"""Whether the server does not have an extension and the role cannot create it."""
SAMPLE_SIZE = 5
"""Number of primary keys in a sample."""
SAFE_KEY_PATTERN = re.compile(r"\d+|[0-9a-f]{32}|[0-9a-f-]{36}")
"""Numbers and UUIDs. Other keys can be secrets, as the key of a session, which gives access."""


def collect(context: Context) -> Preconditions:
    """Derive the preconditions of the pending migrations, and test each by a query."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    plan = [migration for migration, _ in executor.migration_plan(leaves)]
    if not plan:
        return Preconditions()
    before = executor._create_project_state(with_applied_migrations=True)
    preconditions, costs, planned, code, running_code = analyze_plan(
        SchemaTracker(before.clone()), plan
    )
    plan_keys = tuple(f"{migration.app_label}.{migration.name}" for migration in plan)
    drops = [each for each in preconditions if each.kind is PreconditionKind.DROPS]
    tests = [each for each in preconditions if each.kind is not PreconditionKind.DROPS]
    results = [
        *(test_precondition(context.connection, precondition) for precondition in tests),
        *_count_dropped_values(context.connection, drops),
    ]
    violated = tuple(result for result in results if result.affected_rows or result.unknown_reason)
    return Preconditions(
        violated,
        len(results),
        len(plan),
        tuple(costs),
        attempt(lambda: tuple(find_schema_conflicts(context, planned, code))),
        attempt(lambda: tuple(find_affected_dependents(context, planned, before, code, plan_keys))),
        tuple(map(describe_code, code)),
        plan_keys,
        attempt(
            lambda: tuple(content_type_cascades(context.connection, removed_models(plan, before)))
        ),
        tuple(running_code),
    )


def _count_dropped_values(
    connection: BaseDatabaseWrapper, drops: list[Precondition]
) -> Iterator[PreconditionResult]:
    """Count the values that operations drop."""
    targets = [DropTarget(drop.table, drop.columns[0] if drop.columns else "") for drop in drops]
    for drop, count in zip(drops, count_values(connection, targets), strict=True):
        yield PreconditionResult(drop, count.rows, unknown_reason=count.unknown)


def test_precondition(
    connection: BaseDatabaseWrapper, precondition: Precondition
) -> PreconditionResult:
    """Count the rows that violate a precondition."""
    if precondition.kind is PreconditionKind.UNTESTED:
        return PreconditionResult(precondition, 0, unknown_reason=precondition.bound)
    try:
        if precondition.kind is PreconditionKind.EXTENSION:
            is_missing = fetch_value(connection, MISSING_EXTENSION_QUERY, [precondition.name] * 2)
            return PreconditionResult(precondition, int(is_missing))
        where = _violation_condition(connection, precondition)
        number = _count_violations(connection, precondition, where)
    except DatabaseError as error:
        return PreconditionResult(precondition, 0, unknown_reason=explain(error))
    sample = _sample_matching_keys(connection, precondition, where) if number else ()
    return PreconditionResult(precondition, number, sample)


def _violation_condition(connection: BaseDatabaseWrapper, precondition: Precondition) -> str:
    """Return the SQL condition of the rows that violate a precondition.

    For ``UNIQUE``, return the condition of the rows that must be unique. The SQL has quoted names
    and no parameters.
    """
    kind, bound = precondition.kind, precondition.bound
    quote = connection.ops.quote_name
    if kind in SQL_CONDITIONS:
        return f"NOT ({bound})"
    if kind is PreconditionKind.UNIQUE:
        not_null = [f"{value} IS NOT NULL" for value in _values(quote, precondition)]
        return " AND ".join([*not_null, *([f"({bound})"] if bound else [])]) or "1 = 1"
    if kind is PreconditionKind.FOREIGN_KEY:
        table, _, key = bound.rpartition(".")
        (value,) = precondition.expressions or (
            f"{quote(precondition.table)}.{quote(precondition.columns[0])}",
        )
        return (
            f"{value} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {quote(table)} r "  # noqa: S608
            f"WHERE r.{quote(key)} = {value})"
        )
    if not precondition.columns:  # A new column has no value in the existing rows.
        return "1 = 1"
    column = quote(precondition.columns[0])
    if kind is PreconditionKind.NOT_NULL:
        return f"{column} IS NULL"
    if kind is PreconditionKind.INDEX_SIZE:
        return f"pg_column_size({column}) > {int(bound)}"
    text = f"CAST({column} AS {'CHAR' if connection.vendor == 'mysql' else 'text'})"
    if kind is PreconditionKind.MAX_LENGTH and connection.vendor == "postgresql":
        # The server itself removes spaces at the end.
        text = f"RTRIM({text})"
    return f"CHAR_LENGTH({text}) > {int(bound)}"


def _values(quote: Callable[[str], str], precondition: Precondition) -> tuple[str, ...]:
    """Return the SQL of the values that must be unique."""
    return precondition.expressions or tuple(map(quote, precondition.columns))


def _count_violations(
    connection: BaseDatabaseWrapper, precondition: Precondition, where: str
) -> int:
    quote = connection.ops.quote_name
    table = quote(precondition.table)
    if precondition.kind is not PreconditionKind.UNIQUE:
        return int(fetch_value(connection, f"SELECT count(*) FROM {table} WHERE {where}"))  # noqa: S608
    if not precondition.columns:  # All rows get the same default.
        number = int(fetch_value(connection, f"SELECT count(*) FROM {table}"))  # noqa: S608
        return int(number > 1)
    groups = _duplicate_groups(quote, precondition, where)
    return int(fetch_value(connection, f"SELECT count(*) FROM ({groups}) d"))  # noqa: S608


def _duplicate_groups(quote: Callable[[str], str], precondition: Precondition, where: str) -> str:
    values = _values(quote, precondition)
    names = ", ".join(f"{value} AS v{number}" for number, value in enumerate(values))
    return (
        f"SELECT {names} FROM {quote(precondition.table)} WHERE {where} "  # noqa: S608
        f"GROUP BY {', '.join(values)} HAVING count(*) > 1"
    )


def sample_table_keys(connection: BaseDatabaseWrapper, table: str) -> tuple[str, ...]:
    """Return primary keys of some rows of a table."""
    whole_table = Precondition(PreconditionKind.DROPS, "", "", table)
    return _sample_matching_keys(connection, whole_table, "1 = 1")


def _sample_matching_keys(
    connection: BaseDatabaseWrapper, precondition: Precondition, where: str
) -> tuple[str, ...]:
    """Return primary keys of some rows, if they are numbers or UUIDs."""
    quote = connection.ops.quote_name
    table, columns = precondition.table, precondition.columns
    try:
        with connection.cursor() as cursor:
            key = connection.introspection.get_primary_key_column(cursor, table)
        if not key:
            return ()
        order = ", ".join(f"t.{quote(column)}" for column in dict.fromkeys((*columns, key)))
        values = _values(quote, precondition)
        names = "".join(f", {value} AS v{number}" for number, value in enumerate(values))
        query = (
            f"SELECT t.{quote(key)} FROM (SELECT {quote(table)}.*{names} FROM {quote(table)} "  # noqa: S608
            f"WHERE {where}) t"
        )
        if precondition.kind is PreconditionKind.UNIQUE and columns:
            groups = _duplicate_groups(quote, precondition, where)
            same = " AND ".join(f"d.v{number} = t.v{number}" for number in range(len(values)))
            query += f" JOIN ({groups}) d ON {same}"
        rows = fetch_rows(connection, f"{query} ORDER BY {order} LIMIT {SAMPLE_SIZE}")
    except DatabaseError:
        return ()  # The number of violating rows is known without the sample.
    return tuple(str(value) for (value,) in rows if SAFE_KEY_PATTERN.fullmatch(str(value)))
