"""Counts what is in the tables and columns that go, by one query for each table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db.models import Field, JSONField

from .. import explain
from ..db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NO_CONDITION: tuple[str, list[Any]] = ("", [])
"""No condition: any value is somebody's own."""
CONSTANT_FACTORIES = (dict, list)
"""Callables that give the same value to every row."""


@dataclass(frozen=True)
class DropTarget:
    """A table, or a column of it, that goes; as they are named today."""

    table: str
    column: str = ""
    field: Field | None = None
    """Of the column: it knows what every new row gets."""


@dataclass(frozen=True)
class ValueCount:
    """What is in it."""

    rows: int = 0
    """Rows of the table; of a column, those that have a value."""
    non_default_rows: int = 0
    """Of these, the values that are not what every new row gets."""
    unknown: str = ""


def count_values(connection: BaseDatabaseWrapper, goes: Sequence[DropTarget]) -> list[ValueCount]:
    """Count everything, in the order in which it is given."""
    found: dict[int, ValueCount] = {}
    for table in dict.fromkeys(one.table for one in goes):
        places = [place for place, one in enumerate(goes) if one.table == table]
        found |= zip(places, _count_table(connection, [goes[one] for one in places]), strict=True)
    return [found[place] for place in range(len(goes))]


def _count_table(
    connection: BaseDatabaseWrapper, goes: Sequence[DropTarget]
) -> Iterator[ValueCount]:
    """Count what goes of one table; without a look at defaults where the server has no ``=``."""
    differ = [_non_default_condition(connection, one) for one in goes]
    plain = [NO_CONDITION] * len(goes)
    why = ""
    for conditions in [differ, plain] if differ != plain else [plain]:
        try:
            counts = _run_count_query(connection, goes, conditions)
        except DatabaseError as error:
            why = explain(error)
        else:
            yield from (
                ValueCount(*counts[2 * place : 2 * place + 2]) for place in range(len(goes))
            )
            return
    yield from (ValueCount(unknown=why) for _ in goes)


def _run_count_query(
    connection: BaseDatabaseWrapper,
    goes: Sequence[DropTarget],
    differ: Sequence[tuple[str, list[Any]]],
) -> tuple[int, ...]:
    """Return two numbers for each: all that is in it, and what differs."""
    quote = connection.ops.quote_name
    counts, parameters = [], []
    for one, (condition, given) in zip(goes, differ, strict=True):
        whole = f"count({quote(one.column) if one.column else '*'})"
        part = f"count(CASE WHEN {condition} THEN 1 END)" if condition else whole
        counts += [whole, part]
        parameters += given
    query = f"SELECT {', '.join(counts)} FROM {quote(goes[0].table)}"  # noqa: S608 - quoted names
    (found,) = fetch_rows(connection, query, parameters or None)
    return tuple(map(int, found))


def _non_default_condition(
    connection: BaseDatabaseWrapper, one: DropTarget
) -> tuple[str, list[Any]]:
    """Return the condition under which a value is somebody's own, and its parameters."""
    if one.field is None:
        return NO_CONDITION
    try:
        known, value = _uniform_default(one.field)
        given = one.field.get_db_prep_save(value, connection) if known else None
    except Exception:  # noqa: BLE001 - fields are code of others, and are not bound to a model
        return NO_CONDITION
    if given is None:
        return NO_CONDITION
    json = isinstance(one.field, JSONField) and connection.vendor == "mysql"
    place = "CAST(%s AS JSON)" if json else "%s"
    return f"{connection.ops.quote_name(one.column)} <> {place}", [given]


def _uniform_default(field: Field) -> tuple[bool, Any]:
    """Return whether every new row gets one value, and which."""
    if field.has_default():
        given = field.default
        if callable(given):
            return given in CONSTANT_FACTORIES, given() if given in CONSTANT_FACTORIES else None
        return True, given
    return bool(field.blank and field.empty_strings_allowed and not field.null), ""
