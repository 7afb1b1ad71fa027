"""Derive what a migration operation requires of existing rows, and what it drops."""

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

from ...facts.preconditions import Precondition, PreconditionKind
from ..db.column_types import get_max_length, is_mysql, is_text
from .schema_tracker import SchemaTracker, TableRef, has_uniform_default

NOT_VALID = "AddConstraintNotValid"
"""A PostgreSQL operation that does not check existing rows."""
UNIQUE_EXPRESSION_REASON = "uniqueness of an expression is not tested"
LOSSLESS_CASTS = frozenset(
    {
        ("DateField", "DateTimeField"),
        *((name, "FloatField") for name in ("SmallIntegerField", "IntegerField")),
    }
)
"""Old and new types of which the server converts every value."""
INTEGER_RANKS = {"SmallIntegerField": 0, "IntegerField": 1, "BigIntegerField": 2}


@singledispatch
def preconditions_of(
    operation: Operation, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    """Yield the preconditions of an operation. Most operations have none.

    Args:
        operation: The next operation of the plan.
        tracker: The models before the operation.
        table_ref: The model that the operation changes. Its table exists.

    Yields:
        Preconditions without a migration. The caller adds the migration.
    """
    yield from ()


def _precondition(
    table_ref: TableRef, kind: PreconditionKind, *columns: str, bound: str = "", name: str = ""
) -> Precondition:
    return Precondition(kind, "", "", table_ref.table, columns, bound, name)


@preconditions_of.register
def _add_constraint_preconditions(
    operation: AddConstraint, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    constraint, editor = operation.constraint, connection.schema_editor()
    if type(operation).__name__ == NOT_VALID:
        return
    if isinstance(constraint, CheckConstraint):
        if connection.features.supports_table_check_constraints:
            condition = str(constraint._get_check_sql(tracker.render_model(table_ref), editor))
            if current := tracker.with_current_names(table_ref, condition):
                yield _precondition(
                    table_ref, PreconditionKind.CHECK, bound=current, name=constraint.name
                )
    elif isinstance(constraint, UniqueConstraint) and is_supported_constraint(constraint):
        if not constraint.fields:
            yield _precondition(
                table_ref,
                PreconditionKind.UNTESTED,
                bound=UNIQUE_EXPRESSION_REASON,
                name=constraint.name,
            )
        elif constraint.condition is None:
            yield from _unique_preconditions(tracker, table_ref, constraint.fields)
        else:
            condition = str(constraint._get_condition_sql(tracker.render_model(table_ref), editor))
            if current := tracker.with_current_names(table_ref, condition):
                yield from _unique_preconditions(tracker, table_ref, constraint.fields, current)


@preconditions_of.register
def _alter_unique_together_preconditions(
    operation: AlterUniqueTogether, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    for names in tracker.added_unique_together(operation, table_ref):
        yield from _unique_preconditions(tracker, table_ref, names)


@preconditions_of.register
def _add_field_preconditions(
    operation: AddField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    new = operation.field
    if new.many_to_many or new.primary_key or getattr(new, "generated", False):
        return
    has_server_default = _has_database_default(new)
    has_default = has_uniform_default(new) or has_server_default
    if new.unique and not has_server_default and (has_default or (is_mysql() and not new.null)):
        yield _precondition(table_ref, PreconditionKind.UNIQUE, name=operation.name)
    if not new.null and not has_default and not (is_mysql() and _has_implicit_default(new)):
        yield _precondition(table_ref, PreconditionKind.NOT_NULL, name=operation.name)


@preconditions_of.register
def _alter_field_preconditions(
    operation: AlterField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    old, new = tracker.model_state(table_ref).fields.get(operation.name), operation.field
    column = tracker.current_column(table_ref, operation.name)
    if old is None or not column or new.many_to_many or old.many_to_many:
        return
    if old.null and not new.null and not _backfills_nulls(new):
        yield _precondition(table_ref, PreconditionKind.NOT_NULL, column)
    if new.unique and not old.unique and not new.primary_key:
        yield _precondition(table_ref, PreconditionKind.UNIQUE, column)
    if new.is_relation:
        target = (
            tracker.foreign_key_target(table_ref, new)
            if getattr(new, "db_constraint", False)
            else ""
        )
        old_target = (
            tracker.foreign_key_target(table_ref, old)
            if getattr(old, "db_constraint", False)
            else ""
        )
        if target and target != old_target:
            yield _precondition(table_ref, PreconditionKind.FOREIGN_KEY, column, bound=target)
    elif not old.is_relation:
        yield from _type_change_preconditions(table_ref, column, old, new)


def _type_change_preconditions(
    table_ref: TableRef, column: str, old: Field, new: Field
) -> Iterator[Precondition]:
    """Yield what a change of a column's type requires of its values."""
    old_type, new_type = old.db_type(connection), new.db_type(connection)
    max_length = get_max_length(new_type)
    if max_length < get_max_length(old_type):
        kind = PreconditionKind.TRUNCATES if is_cast(old, new) else PreconditionKind.MAX_LENGTH
        yield _precondition(table_ref, kind, column, bound=str(max_length))
    elif old_type != new_type and not is_text(new_type) and not _is_widening(old, new):
        if range_condition := _build_range_condition(old, new, column):
            yield _precondition(
                table_ref, PreconditionKind.NUMERIC_RANGE, column, bound=range_condition
            )
        else:
            yield _precondition(
                table_ref,
                PreconditionKind.UNTESTED,
                column,
                bound=f"the conversion from {old_type} to {new_type} is not tested",
            )
    condition = _get_db_check(new, column)
    if condition and condition != _get_db_check(old, column):
        yield _precondition(table_ref, PreconditionKind.CHECK, column, bound=condition)


@preconditions_of.register
def _remove_field_preconditions(
    operation: RemoveField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    if column := tracker.current_column(table_ref, operation.name):
        yield _precondition(table_ref, PreconditionKind.DROPS, column)
    elif table := tracker.m2m_table(table_ref, operation.name):
        yield Precondition(PreconditionKind.DROPS, "", "", table)


@preconditions_of.register
def _delete_model_preconditions(
    operation: DeleteModel, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    yield _precondition(table_ref, PreconditionKind.DROPS)


def _unique_preconditions(
    tracker: SchemaTracker, table_ref: TableRef, names: Iterable[str], condition: str = ""
) -> Iterator[Precondition]:
    """Yield the precondition that rows are unique.

    It names existing columns only: a new column with one value makes no rows distinct.
    """
    names = tuple(names)
    columns = [tracker.current_column(table_ref, name) for name in names]
    if None not in columns:
        existing = [column for column in columns if column]
        yield _precondition(
            table_ref,
            PreconditionKind.UNIQUE,
            *existing,
            bound=condition,
            name="" if existing else "+".join(names),
        )


def is_supported_constraint(constraint: UniqueConstraint) -> bool:
    """Return whether the server supports a constraint. Django omits unsupported constraints."""
    features = connection.features
    return bool(
        (not constraint.condition or features.supports_partial_indexes)
        and (not constraint.deferrable or features.supports_deferrable_unique_constraints)
        and (not constraint.include or features.supports_covering_indexes)
        and (not constraint.expressions or features.supports_expression_indexes)
    )


def _backfills_nulls(field: Field) -> bool:
    """Return whether Django replaces the NULLs of a column that becomes NOT NULL.

    For ``blank=True``, Django fills a new column with the empty string, but not an existing column.
    See ``_alter_field`` in ``django.db.backends.base.schema``.
    """
    return bool(field.has_default() or _has_database_default(field))


def _has_database_default(field: Field) -> bool:
    """Return whether a field has a default in the database, which Django supports since 5.0."""
    return bool(getattr(field, "has_db_default", bool)())


def _has_implicit_default(field: Field) -> bool:
    """Return whether MySQL itself fills a new NOT NULL column, with zero or the empty string."""
    return not field.is_relation and field.get_internal_type() not in ("DateField", "DateTimeField")


def is_cast(old: Field, new: Field) -> bool:
    """Return whether PostgreSQL changes the type by a cast, which truncates long values.

    See ``_using_sql`` in ``django.db.backends.postgresql.schema``. Without a cast, and on MySQL,
    the server rejects values that are too long.
    """
    if connection.vendor != "postgresql":
        return False
    editor = connection.schema_editor()
    return bool(editor._field_data_type(old) != editor._field_data_type(new))


def _is_widening(old: Field, new: Field) -> bool:
    """Return whether the new type can hold every value of the old type."""
    types = tuple(_get_base_field_type(field) for field in (old, new))
    if types in LOSSLESS_CASTS:
        return True
    if isinstance(old, DecimalField) and isinstance(new, DecimalField):
        extra_places = new.decimal_places - old.decimal_places
        return bool(extra_places >= 0 and new.max_digits - old.max_digits >= extra_places)
    ranks = [INTEGER_RANKS.get(_get_base_field_type(field), -1) for field in (old, new)]
    return 0 <= ranks[0] <= ranks[1]


def _build_range_condition(old: Field, new: Field, column: str) -> str:
    """Return the condition under which a number fits into a narrower type.

    The condition is empty unless both types are numbers with known limits. Extra decimal places do
    not matter, because the server rounds them.
    """
    name, is_integer = connection.ops.quote_name(column), _get_base_field_type(old) in INTEGER_RANKS
    if isinstance(new, DecimalField) and (is_integer or isinstance(old, DecimalField)):
        return f"abs({name}) < {10 ** (new.max_digits - new.decimal_places)}"
    if not is_integer or _get_base_field_type(new) not in INTEGER_RANKS:
        return ""
    low, high = connection.ops.integer_field_range(new.get_internal_type())
    if _get_db_check(new, column):
        return f"{name} <= {high}"  # the CHECK of the lower limit is a separate precondition
    return f"{name} BETWEEN {low} AND {high}"


def _get_base_field_type(field: Field) -> str:
    kind = str(field.get_internal_type())
    return kind.removeprefix("Positive").replace("AutoField", "IntegerField")


def _get_db_check(field: Field, column: str) -> str:
    """Return the CHECK condition of a field's type, such as ``"number" >= 0``; empty if none."""
    bound = field.clone()
    bound.set_attributes_from_name(column)
    return str(bound.db_check(connection) or "")
