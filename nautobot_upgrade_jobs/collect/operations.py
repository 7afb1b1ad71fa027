"""What an operation of a migration demands of the rows of its table, or takes from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import Any

from django.db import connection
from django.db.backends.utils import truncate_name
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.models import CheckConstraint, Field, UniqueConstraint

from ..facts.demands import Demand
from .walk import Place, Walk


@singledispatch
def demands(one: Operation, walk: Walk, place: Place) -> Iterator[Demand]:
    """Yield what an operation demands; most demand nothing.

    Args:
        one: It is about to be done.
        walk: Where the plan is.
        place: The model that it works on; its table is there today.

    Returns:
        Demands without the migration, which the caller knows.
    """
    yield from ()


def _asks(place: Place, kind: str, *columns: str, limit: str = "") -> Demand:
    return Demand(kind, "", "", place.table, columns, limit)


@demands.register
def _(one: AddConstraint, walk: Walk, place: Place) -> Iterator[Demand]:
    constraint, editor = one.constraint, connection.schema_editor()
    if isinstance(constraint, CheckConstraint):
        condition = str(constraint._get_check_sql(walk.model(place), editor))
        if today := walk.as_of_today(place, condition):
            yield _asks(place, "check", limit=today)
    elif isinstance(constraint, UniqueConstraint) and not constraint.fields:
        yield _asks(place, "expression", limit=constraint.name)
    elif isinstance(constraint, UniqueConstraint) and constraint.condition is None:
        yield from _unique(walk, place, constraint.fields)
    elif isinstance(constraint, UniqueConstraint):
        condition = str(constraint._get_condition_sql(walk.model(place), editor))
        if today := walk.as_of_today(place, condition):
            yield from _unique(walk, place, constraint.fields, today)


@demands.register
def _(one: AlterUniqueTogether, walk: Walk, place: Place) -> Iterator[Demand]:
    before = walk.before(place).options.get("unique_together") or ()
    for names in one.option_value - {tuple(item) for item in before}:
        yield from _unique(walk, place, names)


@demands.register
def _(one: AddField, walk: Walk, place: Place) -> Iterator[Demand]:
    if one.field.many_to_many:
        return
    given = _default_of(one.field) is not None
    if one.field.unique and given:
        yield _asks(place, "unique")
    if not one.field.null and not given and connection.vendor != "mysql":
        yield _asks(place, "not null")  # MySQL writes zeroes and empty texts of its own accord


@demands.register
def _(one: AlterField, walk: Walk, place: Place) -> Iterator[Demand]:
    old, new = walk.before(place).fields.get(one.name), one.field
    column = walk.column(place, one.name)
    if old is None or column is None or new.many_to_many or old.many_to_many:
        return
    if old.null and not new.null and not _fills_gaps(new):
        yield _asks(place, "not null", column)
    if new.unique and not old.unique and not new.primary_key:
        yield _asks(place, "unique", column)
    if new.max_length and (old.max_length or new.max_length + 1) > new.max_length:
        kind = "cut" if is_cast(old, new) else "length"
        yield _asks(place, kind, column, limit=str(new.max_length))
    target = walk.target(place, new) if getattr(new, "db_constraint", False) else ""
    if target and target != walk.target(place, old):
        yield _asks(place, "reference", column, limit=target)


@demands.register
def _(one: RemoveField, walk: Walk, place: Place) -> Iterator[Demand]:
    old = walk.before(place).fields.get(one.name)
    if column := walk.column(place, one.name):
        yield _asks(place, "loses", column)
    elif old is not None and old.many_to_many and old.remote_field.through is None:
        name = old.db_table or f"{place.table}_{one.name}"
        table = truncate_name(name, connection.ops.max_name_length())
        yield Demand("loses", "", "", table)


@demands.register
def _(one: DeleteModel, walk: Walk, place: Place) -> Iterator[Demand]:
    yield _asks(place, "loses")


def _unique(
    walk: Walk, place: Place, names: Iterable[str], condition: str = ""
) -> Iterator[Demand]:
    columns = [walk.column(place, name) for name in names]
    if all(columns):
        yield _asks(place, "unique", *map(str, columns), limit=condition)


def _default_of(one: Field) -> Any:
    """Return what a new column has in the rows that are there; None if nothing."""
    default = _database_default(one)
    return connection.schema_editor()._effective_default(one) if default is None else default


def _fills_gaps(one: Field) -> bool:
    """Tell whether Django writes a value into the empty ones when a column must not be empty.

    The empty text of a field that may be blank counts for a new column, not for one that is there:
    ``django.db.backends.base.schema``, ``_alter_field``.
    """
    return one.has_default() or _database_default(one) is not None


def is_cast(old: Field, new: Field) -> bool:
    """Tell whether a change of type is made by a cast, which PostgreSQL lets cut values.

    ``django.db.backends.postgresql.schema``, ``_using_sql``; MySQL refuses what is too long.
    """
    if connection.vendor != "postgresql":
        return False
    editor = connection.schema_editor()
    return bool(editor._field_data_type(old) != editor._field_data_type(new))


def _database_default(one: Field) -> Any:
    """Return the default that the database itself keeps, which fields have since Django 5.0."""
    has = getattr(one, "has_db_default", None)
    return one.db_default if has and has() else None
