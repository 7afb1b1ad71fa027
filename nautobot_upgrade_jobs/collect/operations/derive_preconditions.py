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

from ...facts.preconditions import Precondition
from ..db.column_types import get_max_length, is_mysql, is_text
from .schema_tracker import SchemaTracker, TableRef, has_uniform_default

NOT_VALID = "AddConstraintNotValid"
"""An operation for PostgreSQL alone, which does not look at the rows that are there."""
UNIQUE_EXPRESSION_REASON = "it is unique by an expression"
INTEGER_RANKS = {"SmallIntegerField": 0, "IntegerField": 1, "BigIntegerField": 2}


@singledispatch
def preconditions_of(
    one: Operation, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    """Yield what an operation demands; most demand nothing.

    Args:
        one: It is about to be done.
        walk: Where the plan is.
        place: The model that it works on; its table is there today.

    Returns:
        Demands without the migration, which the caller knows.
    """
    yield from ()


def _precondition(
    place: TableRef, kind: str, *columns: str, limit: str = "", name: str = ""
) -> Precondition:
    return Precondition(kind, "", "", place.table, columns, limit, name)


@preconditions_of.register
def _add_constraint_preconditions(
    one: AddConstraint, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    constraint, editor = one.constraint, connection.schema_editor()
    if type(one).__name__ == NOT_VALID:
        return
    if isinstance(constraint, CheckConstraint):
        if connection.features.supports_table_check_constraints:
            condition = str(constraint._get_check_sql(walk.render_model(place), editor))
            if today := walk.with_current_names(place, condition):
                yield _precondition(place, "check", limit=today, name=constraint.name)
    elif isinstance(constraint, UniqueConstraint) and _is_supported_constraint(constraint):
        if not constraint.fields:
            yield _precondition(
                place, "untried", limit=UNIQUE_EXPRESSION_REASON, name=constraint.name
            )
        elif constraint.condition is None:
            yield from _unique_preconditions(walk, place, constraint.fields)
        else:
            condition = str(constraint._get_condition_sql(walk.render_model(place), editor))
            if today := walk.with_current_names(place, condition):
                yield from _unique_preconditions(walk, place, constraint.fields, today)


@preconditions_of.register
def _alter_unique_together_preconditions(
    one: AlterUniqueTogether, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    for names in walk.added_unique_together(one, place):
        yield from _unique_preconditions(walk, place, names)


@preconditions_of.register
def _add_field_preconditions(
    one: AddField, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    new = one.field
    if new.many_to_many or new.primary_key or getattr(new, "generated", False):
        return
    by_server = _has_database_default(new)
    given = has_uniform_default(new) or by_server
    if new.unique and not by_server and (given or (is_mysql() and not new.null)):
        yield _precondition(place, "unique", name=one.name)
    if not new.null and not given and not (is_mysql() and _has_implicit_default(new)):
        yield _precondition(place, "not null", name=one.name)


@preconditions_of.register
def _alter_field_preconditions(
    one: AlterField, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    old, new = walk.model_state(place).fields.get(one.name), one.field
    column = walk.current_column(place, one.name)
    if old is None or not column or new.many_to_many or old.many_to_many:
        return
    if old.null and not new.null and not _backfills_nulls(new):
        yield _precondition(place, "not null", column)
    if new.unique and not old.unique and not new.primary_key:
        yield _precondition(place, "unique", column)
    if new.is_relation:
        target = walk.foreign_key_target(place, new) if getattr(new, "db_constraint", False) else ""
        before = walk.foreign_key_target(place, old) if getattr(old, "db_constraint", False) else ""
        if target and target != before:
            yield _precondition(place, "reference", column, limit=target)
    elif not old.is_relation:
        yield from _type_change_preconditions(place, column, old, new)


def _type_change_preconditions(
    place: TableRef, column: str, old: Field, new: Field
) -> Iterator[Precondition]:
    """Yield what another type demands of the values of a column."""
    before, after = old.db_type(connection), new.db_type(connection)
    most = get_max_length(after)
    if most < get_max_length(before):
        kind = "cut" if is_cast(old, new) else "length"
        yield _precondition(place, kind, column, limit=str(most))
    elif before != after and not is_text(after) and not _is_widening(old, new):
        if fits := _build_range_condition(old, new, column):
            yield _precondition(place, "range", column, limit=fits)
        else:
            yield _precondition(
                place, "untried", column, limit=f"whether {before} can become {after}"
            )
    condition = _get_db_check(new, column)
    if condition and condition != _get_db_check(old, column):
        yield _precondition(place, "check", column, limit=condition)


@preconditions_of.register
def _remove_field_preconditions(
    one: RemoveField, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    if column := walk.current_column(place, one.name):
        yield _precondition(place, "loses", column)
    elif table := walk.m2m_table(place, one.name):
        yield Precondition("loses", "", "", table)


@preconditions_of.register
def _delete_model_preconditions(
    one: DeleteModel, walk: SchemaTracker, place: TableRef
) -> Iterator[Precondition]:
    yield _precondition(place, "loses")


def _unique_preconditions(
    walk: SchemaTracker, place: TableRef, names: Iterable[str], condition: str = ""
) -> Iterator[Precondition]:
    """Yield a demand on the columns that are there; one value in all rows tells none apart."""
    names = tuple(names)
    columns = [walk.current_column(place, name) for name in names]
    if None not in columns:
        there = [one for one in columns if one]
        yield _precondition(
            place, "unique", *there, limit=condition, name="" if there else "+".join(names)
        )


def _is_supported_constraint(constraint: UniqueConstraint) -> bool:
    """Tell whether this server knows such constraints; Django leaves out those that it does not."""
    known = connection.features
    return bool(
        (not constraint.condition or known.supports_partial_indexes)
        and (not constraint.deferrable or known.supports_deferrable_unique_constraints)
        and (not constraint.include or known.supports_covering_indexes)
        and (not constraint.expressions or known.supports_expression_indexes)
    )


def _backfills_nulls(one: Field) -> bool:
    """Tell whether Django writes a value into the empty ones when a column must not be empty.

    The empty text of a field that may be blank counts for a new column, not for one that is there:
    ``django.db.backends.base.schema``, ``_alter_field``.
    """
    return bool(one.has_default() or _has_database_default(one))


def _has_database_default(one: Field) -> bool:
    """Tell whether the database itself keeps a default, as fields can have it since Django 5.0."""
    return bool(getattr(one, "has_db_default", bool)())


def _has_implicit_default(one: Field) -> bool:
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


def _is_widening(old: Field, new: Field) -> bool:
    """Tell whether every number of one type is one of the other."""
    if isinstance(old, DecimalField) and isinstance(new, DecimalField):
        places = new.decimal_places - old.decimal_places
        return bool(places >= 0 and new.max_digits - old.max_digits >= places)
    ranks = [INTEGER_RANKS.get(_get_base_field_type(one), -1) for one in (old, new)]
    return 0 <= ranks[0] <= ranks[1]


def _build_range_condition(old: Field, new: Field, column: str) -> str:
    """Return the condition that a number meets which fits into a narrower type.

    Empty unless both are numbers whose limits are known; further places are rounded away.
    """
    name, whole = connection.ops.quote_name(column), _get_base_field_type(old) in INTEGER_RANKS
    if isinstance(new, DecimalField) and (whole or isinstance(old, DecimalField)):
        return f"abs({name}) < {10 ** (new.max_digits - new.decimal_places)}"
    if not whole or _get_base_field_type(new) not in INTEGER_RANKS:
        return ""
    low, high = connection.ops.integer_field_range(new.get_internal_type())
    if _get_db_check(new, column):
        return f"{name} <= {high}"  # the condition is asked by itself
    return f"{name} BETWEEN {low} AND {high}"


def _get_base_field_type(one: Field) -> str:
    kind = str(one.get_internal_type())
    return kind.removeprefix("Positive").replace("AutoField", "IntegerField")


def _get_db_check(one: Field, column: str) -> str:
    """Return the condition that goes with a type, such as ``"number" >= 0``; empty if none does."""
    bound = one.clone()
    bound.set_attributes_from_name(column)
    return str(bound.db_check(connection) or "")
