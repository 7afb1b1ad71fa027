"""What an operation of a migration demands of the rows of its table, or takes from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.models import CheckConstraint, DecimalField, Field, UniqueConstraint

from ...facts.demands import Demand
from ..db.column_types import is_text, length_of, mysql
from .schema_tracker import Place, Walk, has_one_value

NOT_VALID = "AddConstraintNotValid"
"""An operation for PostgreSQL alone, which does not look at the rows that are there."""
BY_EXPRESSION = "it is unique by an expression"
SIZES = {"SmallIntegerField": 0, "IntegerField": 1, "BigIntegerField": 2}


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


def _asks(place: Place, kind: str, *columns: str, limit: str = "", name: str = "") -> Demand:
    return Demand(kind, "", "", place.table, columns, limit, name)


@demands.register
def _(one: AddConstraint, walk: Walk, place: Place) -> Iterator[Demand]:
    constraint, editor = one.constraint, connection.schema_editor()
    if type(one).__name__ == NOT_VALID:
        return
    if isinstance(constraint, CheckConstraint):
        if connection.features.supports_table_check_constraints:
            condition = str(constraint._get_check_sql(walk.model(place), editor))
            if today := walk.as_of_today(place, condition):
                yield _asks(place, "check", limit=today, name=constraint.name)
    elif isinstance(constraint, UniqueConstraint) and _is_made(constraint):
        if not constraint.fields:
            yield _asks(place, "untried", limit=BY_EXPRESSION, name=constraint.name)
        elif constraint.condition is None:
            yield from _unique(walk, place, constraint.fields)
        else:
            condition = str(constraint._get_condition_sql(walk.model(place), editor))
            if today := walk.as_of_today(place, condition):
                yield from _unique(walk, place, constraint.fields, today)


@demands.register
def _(one: AlterUniqueTogether, walk: Walk, place: Place) -> Iterator[Demand]:
    for names in walk.newly_together(one, place):
        yield from _unique(walk, place, names)


@demands.register
def _(one: AddField, walk: Walk, place: Place) -> Iterator[Demand]:
    new = one.field
    if new.many_to_many or new.primary_key or getattr(new, "generated", False):
        return
    by_server = _has_database_default(new)
    given = has_one_value(new) or by_server
    if new.unique and not by_server and (given or (mysql() and not new.null)):
        yield _asks(place, "unique", name=one.name)
    if not new.null and not given and not (mysql() and _has_a_zero(new)):
        yield _asks(place, "not null", name=one.name)


@demands.register
def _(one: AlterField, walk: Walk, place: Place) -> Iterator[Demand]:
    old, new = walk.before(place).fields.get(one.name), one.field
    column = walk.column(place, one.name)
    if old is None or not column or new.many_to_many or old.many_to_many:
        return
    if old.null and not new.null and not _fills_gaps(new):
        yield _asks(place, "not null", column)
    if new.unique and not old.unique and not new.primary_key:
        yield _asks(place, "unique", column)
    if new.is_relation:
        target = walk.target(place, new) if getattr(new, "db_constraint", False) else ""
        before = walk.target(place, old) if getattr(old, "db_constraint", False) else ""
        if target and target != before:
            yield _asks(place, "reference", column, limit=target)
    elif not old.is_relation:
        yield from _of_the_type(place, column, old, new)


def _of_the_type(place: Place, column: str, old: Field, new: Field) -> Iterator[Demand]:
    """Yield what another type demands of the values of a column."""
    before, after = old.db_type(connection), new.db_type(connection)
    most = length_of(after)
    if most < length_of(before):
        kind = "cut" if is_cast(old, new) else "length"
        yield _asks(place, kind, column, limit=str(most))
    elif before != after and not is_text(after) and not _widens(old, new):
        if fits := _range_of(old, new, column):
            yield _asks(place, "range", column, limit=fits)
        else:
            yield _asks(place, "untried", column, limit=f"whether {before} can become {after}")
    condition = _check_of(new, column)
    if condition and condition != _check_of(old, column):
        yield _asks(place, "check", column, limit=condition)


@demands.register
def _(one: RemoveField, walk: Walk, place: Place) -> Iterator[Demand]:
    if column := walk.column(place, one.name):
        yield _asks(place, "loses", column)
    elif table := walk.many(place, one.name):
        yield Demand("loses", "", "", table)


@demands.register
def _(one: DeleteModel, walk: Walk, place: Place) -> Iterator[Demand]:
    yield _asks(place, "loses")


def _unique(
    walk: Walk, place: Place, names: Iterable[str], condition: str = ""
) -> Iterator[Demand]:
    """Yield a demand on the columns that are there; one value in all rows tells none apart."""
    names = tuple(names)
    columns = [walk.column(place, name) for name in names]
    if None not in columns:
        there = [one for one in columns if one]
        yield _asks(place, "unique", *there, limit=condition, name="" if there else "+".join(names))


def _is_made(constraint: UniqueConstraint) -> bool:
    """Tell whether this server knows such constraints; Django leaves out those that it does not."""
    known = connection.features
    return bool(
        (not constraint.condition or known.supports_partial_indexes)
        and (not constraint.deferrable or known.supports_deferrable_unique_constraints)
        and (not constraint.include or known.supports_covering_indexes)
        and (not constraint.expressions or known.supports_expression_indexes)
    )


def _fills_gaps(one: Field) -> bool:
    """Tell whether Django writes a value into the empty ones when a column must not be empty.

    The empty text of a field that may be blank counts for a new column, not for one that is there:
    ``django.db.backends.base.schema``, ``_alter_field``.
    """
    return bool(one.has_default() or _has_database_default(one))


def _has_database_default(one: Field) -> bool:
    """Tell whether the database itself keeps a default, as fields can have it since Django 5.0."""
    return bool(getattr(one, "has_db_default", bool)())


def _has_a_zero(one: Field) -> bool:
    """Tell whether MySQL has a value of its own for rows that get none: zero, or the empty text."""
    return not one.is_relation and one.get_internal_type() not in ("DateField", "DateTimeField")


def is_cast(old: Field, new: Field) -> bool:
    """Tell whether a change of type is made by a cast, which PostgreSQL lets cut values.

    ``django.db.backends.postgresql.schema``, ``_using_sql``; MySQL refuses what is too long.
    """
    if connection.vendor != "postgresql":
        return False
    editor = connection.schema_editor()
    return bool(editor._field_data_type(old) != editor._field_data_type(new))


def _widens(old: Field, new: Field) -> bool:
    """Tell whether every number of one type is one of the other."""
    if isinstance(old, DecimalField) and isinstance(new, DecimalField):
        places = new.decimal_places - old.decimal_places
        return bool(places >= 0 and new.max_digits - old.max_digits >= places)
    ranks = [SIZES.get(_size(one), -1) for one in (old, new)]
    return 0 <= ranks[0] <= ranks[1]


def _range_of(old: Field, new: Field, column: str) -> str:
    """Return the condition that a number meets which fits into a narrower type.

    Empty unless both are numbers whose limits are known; further places are rounded away.
    """
    name, whole = connection.ops.quote_name(column), _size(old) in SIZES
    if isinstance(new, DecimalField) and (whole or isinstance(old, DecimalField)):
        return f"abs({name}) < {10 ** (new.max_digits - new.decimal_places)}"
    if not whole or _size(new) not in SIZES:
        return ""
    low, high = connection.ops.integer_field_range(new.get_internal_type())
    if _check_of(new, column):
        return f"{name} <= {high}"  # the condition is asked by itself
    return f"{name} BETWEEN {low} AND {high}"


def _size(one: Field) -> str:
    kind = str(one.get_internal_type())
    return kind.removeprefix("Positive").replace("AutoField", "IntegerField")


def _check_of(one: Field, column: str) -> str:
    """Return the condition that goes with a type, such as ``"number" >= 0``; empty if none does."""
    bound = one.clone()
    bound.set_attributes_from_name(column)
    return str(bound.db_check(connection) or "")
