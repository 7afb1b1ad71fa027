"""Count the values in tables and columns that are dropped, with one query per table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db.models import Field, JSONField

from ...facts import or_none
from ..context import attempt, explain
from ..db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Condition = tuple[str, list[Any]]
"""An SQL condition and its parameters."""
NO_CONDITION: Condition = ("", [])
"""Without a condition, every value counts as non-default."""
CONSTANT_FACTORIES = (dict, list)
"""Callables that return an equal value for every row."""


@dataclass(frozen=True)
class DropTarget:
    """A table or column that is dropped, by its current name."""

    table: str
    column: str = ""
    field: Field | None = None
    """The field of the column, which has the default of new rows."""


@dataclass(frozen=True)
class ValueCount:
    """The number of rows and values in a drop target."""

    rows: int = 0
    """Rows of the table. For a column, the rows with a value in this column."""
    non_default_rows: int = 0
    """Of these rows, the number whose value differs from the default of new rows."""
    unknown: str = ""
    """Why the values could not be counted. Empty if they were."""


def count_values(
    connection: BaseDatabaseWrapper, targets: Sequence[DropTarget]
) -> list[ValueCount]:
    """Count the values of each target. The results are in the order of the targets."""
    counts: dict[int, ValueCount] = {}
    for table in dict.fromkeys(target.table for target in targets):
        indexes = [index for index, target in enumerate(targets) if target.table == table]
        table_targets = [targets[index] for index in indexes]
        counts |= zip(indexes, _count_table(connection, table_targets), strict=True)
    return [counts[index] for index in range(len(targets))]


def _count_table(
    connection: BaseDatabaseWrapper, targets: Sequence[DropTarget]
) -> Iterator[ValueCount]:
    """Count the targets of one table.

    Some types cannot be compared. If the query fails, it is repeated without comparing values with
    defaults.
    """
    conditions = [_non_default_condition(connection, target) for target in targets]
    no_conditions = [NO_CONDITION] * len(targets)
    reason = ""
    variants = [conditions, no_conditions] if conditions != no_conditions else [no_conditions]
    for variant in variants:
        try:
            counts = _run_count_query(connection, targets, variant)
        except DatabaseError as error:
            reason = explain(error)
        else:
            yield from (ValueCount(rows, non_default) for rows, non_default in counts)
            return
    yield from (ValueCount(unknown=reason) for _ in targets)


def _run_count_query(
    connection: BaseDatabaseWrapper,
    targets: Sequence[DropTarget],
    conditions: Sequence[Condition],
) -> list[tuple[int, int]]:
    """Return two numbers for each target: all values, and the non-default values."""
    quote = connection.ops.quote_name
    counts, parameters = [], []
    for target, (condition, values) in zip(targets, conditions, strict=True):
        count_all = f"count({quote(target.column) if target.column else '*'})"
        count_some = f"count(CASE WHEN {condition} THEN 1 END)" if condition else count_all
        counts += [count_all, count_some]
        parameters += values
    query = f"SELECT {', '.join(counts)} FROM {quote(targets[0].table)}"  # noqa: S608 - quoted names
    (row,) = fetch_rows(connection, query, parameters or None)
    numbers = [int(number) for number in row]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _non_default_condition(connection: BaseDatabaseWrapper, target: DropTarget) -> Condition:
    """Return the condition under which a value differs from the default of new rows."""
    if target.field is None:
        return NO_CONDITION
    # The code of an App's field can fail, also because this field is not bound to a model.
    value = or_none(attempt(partial(_stored_default, connection, target.field), expected=Exception))
    if value is None:
        return NO_CONDITION
    is_json = isinstance(target.field, JSONField) and connection.vendor == "mysql"
    placeholder = "CAST(%s AS JSON)" if is_json else "%s"
    return f"{connection.ops.quote_name(target.column)} <> {placeholder}", [value]


def _stored_default(connection: BaseDatabaseWrapper, field: Field) -> Any:
    """Return the default of new rows as a database value. None if it differs between rows."""
    is_uniform, default = _uniform_default(field)
    return field.get_db_prep_save(default, connection) if is_uniform else None


def _uniform_default(field: Field) -> tuple[bool, Any]:
    """Return whether the default is the same for every new row, and this default."""
    if field.has_default():
        default = field.default
        if callable(default):
            is_constant = default in CONSTANT_FACTORIES
            return is_constant, default() if is_constant else None
        return True, default
    return bool(field.blank and field.empty_strings_allowed and not field.null), ""
