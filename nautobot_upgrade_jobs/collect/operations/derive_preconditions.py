"""Derive what a migration operation requires of existing rows, and what it drops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import singledispatch

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.models import BaseConstraint, CheckConstraint, Field, Index, UniqueConstraint

from ...facts.preconditions import Precondition, PreconditionKind
from ..db.column_types import is_mysql
from .field_values import (
    NULL,
    backfills_nulls,
    has_database_default,
    has_uniform_default,
    new_value,
    with_equal_nulls,
)
from .schema_tracker import SchemaTracker, TableRef
from .type_changes import (
    build_precondition,
    index_size_preconditions,
    type_change_preconditions,
)

NOT_VALID = "AddConstraintNotValid"
"""A PostgreSQL operation that does not check existing rows."""
VALIDATION = "ValidateConstraint"
"""The PostgreSQL operation that checks them later."""
GENERATED_REASON = "a generated value is not tested"
UNIQUE_EXPRESSION_REASON = "uniqueness of an expression is not tested"


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
    if type(operation).__name__ == VALIDATION:
        for constraint in tracker.model_state(table_ref).options.get("constraints") or ():
            if constraint.name == getattr(operation, "name", ""):
                yield from _constraint_preconditions(constraint, tracker, table_ref)


@preconditions_of.register
def _add_constraint_preconditions(
    operation: AddConstraint, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    if type(operation).__name__ != NOT_VALID:
        yield from _constraint_preconditions(operation.constraint, tracker, table_ref)


def _constraint_preconditions(
    constraint: BaseConstraint, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    """Yield what a constraint requires of the existing rows."""
    editor, name = connection.schema_editor(), constraint.name
    if isinstance(constraint, CheckConstraint):
        if connection.features.supports_table_check_constraints:
            condition = str(constraint._get_check_sql(tracker.render_model(table_ref), editor))
            check = build_precondition(table_ref, PreconditionKind.CHECK, name=name)
            yield _with_condition(tracker, table_ref, check, condition, name)
    elif not isinstance(constraint, UniqueConstraint):
        yield _untested(table_ref, f"{type(constraint).__name__} is not tested", name)
    elif is_supported_constraint(constraint):
        if not constraint.fields:
            yield _untested(table_ref, UNIQUE_EXPRESSION_REASON, name)
            return
        found = _unique_preconditions(
            tracker,
            table_ref,
            constraint.fields,
            equal_nulls=getattr(constraint, "nulls_distinct", None) is False,
        )
        if constraint.condition is None:
            yield from found
            return
        condition = str(constraint._get_condition_sql(tracker.render_model(table_ref), editor))
        for each in found:
            yield _with_condition(tracker, table_ref, each, condition, name)


def _with_condition(
    tracker: SchemaTracker,
    table_ref: TableRef,
    precondition: Precondition,
    condition: str,
    name: str,
) -> Precondition:
    """Return a precondition of a constraint, with its condition on the current columns."""
    current = tracker.with_current_names(table_ref, condition)
    if current is None:
        return _untested(table_ref, f"the value of a new field in {condition} is unknown", name)
    return replace(precondition, bound=current)


def _untested(table_ref: TableRef, reason: str, name: str) -> Precondition:
    return build_precondition(table_ref, PreconditionKind.UNTESTED, bound=reason, name=name)


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
    if new.many_to_many or new.primary_key:
        return
    if getattr(new, "generated", False):
        yield _untested(table_ref, GENERATED_REASON, operation.name)
        return
    default = new_value(new)
    is_computed = has_database_default(new) and default is None
    has_default = has_uniform_default(new) or has_database_default(new)
    if new.unique and not is_computed and (has_default or (is_mysql() and not new.null)):
        yield build_precondition(table_ref, PreconditionKind.UNIQUE, name=operation.name)
    if not new.null and not has_default and not (is_mysql() and _has_implicit_default(new)):
        yield build_precondition(table_ref, PreconditionKind.NOT_NULL, name=operation.name)
    target = tracker.foreign_key_target(table_ref, new)
    if target and default not in (None, NULL) and getattr(new, "db_constraint", False):
        yield build_precondition(
            table_ref,
            PreconditionKind.FOREIGN_KEY,
            bound=target,
            name=operation.name,
            expressions=(str(default),),
        )


@preconditions_of.register
def _alter_field_preconditions(
    operation: AlterField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    old, new = tracker.model_state(table_ref).fields.get(operation.name), operation.field
    if old is None or new.many_to_many or old.many_to_many:
        return
    column = tracker.current_column(table_ref, operation.name)
    if old.null and not new.null and not backfills_nulls(new):
        if column:
            yield build_precondition(table_ref, PreconditionKind.NOT_NULL, column)
        elif tracker.current_expression(table_ref, operation.name) == NULL:
            yield build_precondition(table_ref, PreconditionKind.NOT_NULL, name=operation.name)
    if not column:
        return
    if new.unique and not old.unique and not new.primary_key:
        expression = tracker.expression_after(table_ref, operation)
        yield build_precondition(
            table_ref, PreconditionKind.UNIQUE, column, expressions=(str(expression),)
        )
    if (new.db_index or new.unique) and not (old.db_index or old.unique):
        yield from index_size_preconditions(table_ref, column, new)
    target, old_target = (
        tracker.foreign_key_target(table_ref, each) if getattr(each, "db_constraint", False) else ""
        for each in (new, old)
    )
    if target and target != old_target:
        yield build_precondition(table_ref, PreconditionKind.FOREIGN_KEY, column, bound=target)
    types = (tracker.referenced_field(table_ref, each) for each in (old, new))
    yield from type_change_preconditions(table_ref, column, *types)


@preconditions_of.register
def _add_index_preconditions(
    operation: AddIndex, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    if type(operation.index) is Index and not operation.index.opclasses:
        names = (name for name, _ in operation.index.fields_orders)
        yield from _index_sizes(tracker, table_ref, names)


@preconditions_of.register
def _remove_field_preconditions(
    operation: RemoveField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    if column := tracker.current_column(table_ref, operation.name):
        yield build_precondition(table_ref, PreconditionKind.DROPS, column)
    elif table := tracker.m2m_table(table_ref, operation.name):
        yield Precondition(PreconditionKind.DROPS, "", "", table)


@preconditions_of.register
def _delete_model_preconditions(
    operation: DeleteModel, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[Precondition]:
    yield build_precondition(table_ref, PreconditionKind.DROPS)


def _unique_preconditions(
    tracker: SchemaTracker, table_ref: TableRef, names: Iterable[str], *, equal_nulls: bool = False
) -> Iterator[Precondition]:
    """Yield the precondition that rows are unique.

    It names existing columns only: a new column with one value makes no rows distinct. A new
    column without a value makes all rows distinct.
    """
    names = tuple(names)
    columns = {name: tracker.current_column(table_ref, name) for name in names}
    if None not in columns.values():
        existing = {name: column for name, column in columns.items() if column}
        values = tuple(str(tracker.current_expression(table_ref, name)) for name in existing)
        yield build_precondition(
            table_ref,
            PreconditionKind.UNIQUE,
            *existing.values(),
            name="" if existing else "+".join(names),
            expressions=tuple(map(with_equal_nulls, values)) if equal_nulls else values,
        )
    yield from _index_sizes(tracker, table_ref, names)


def _index_sizes(
    tracker: SchemaTracker, table_ref: TableRef, names: Iterable[str]
) -> Iterator[Precondition]:
    """Yield that the values of each existing column fit into an index."""
    fields = tracker.model_state(table_ref).fields
    for name in names:
        column = tracker.current_column(table_ref, name)
        if column:
            yield from index_size_preconditions(table_ref, column, fields[name])


def is_supported_constraint(constraint: UniqueConstraint) -> bool:
    """Return whether the server supports a constraint. Django omits unsupported constraints."""
    features = connection.features
    return bool(
        (not constraint.condition or features.supports_partial_indexes)
        and (not constraint.deferrable or features.supports_deferrable_unique_constraints)
        and (not constraint.include or features.supports_covering_indexes)
        and (not constraint.expressions or features.supports_expression_indexes)
    )


def _has_implicit_default(field: Field) -> bool:
    """Return whether MySQL itself fills a new NOT NULL column, with zero or the empty string."""
    return not field.is_relation and field.get_internal_type() not in ("DateField", "DateTimeField")
