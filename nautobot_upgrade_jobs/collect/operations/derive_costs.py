"""Derive the cost of a migration operation: rows read or written, and the lock on the table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import NamedTuple

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterUniqueTogether,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.models import CheckConstraint, Field, UniqueConstraint
from django.db.models.constraints import BaseConstraint

from ...facts.preconditions import CostKind, Lock, Statement, statement_lock
from ..db.column_types import UNLIMITED, get_max_length, is_mysql, is_text
from .schema_tracker import SchemaTracker, TableRef

ONE_BYTE_LENGTH_LIMIT = 63
"""Maximum utf8mb4 characters of a varchar whose length MySQL stores in one byte."""


class PartCost(NamedTuple):
    """The work and the lock of one expensive part of an operation."""

    kind: CostKind
    lock: Lock


@singledispatch
def operation_costs(
    operation: Operation, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    """Yield the expensive parts of an operation. Most operations only change the catalog.

    Sources: "ALTER TABLE" and "Explicit Locking" in the PostgreSQL documentation, and "Online DDL
    Operations" in the MySQL manual.

    Args:
        operation: The next operation of the plan.
        tracker: The models before the operation.
        table_ref: The model that the operation changes. Its table exists.
    """
    yield from ()


@operation_costs.register
def _add_field_costs(
    operation: AddField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    new = operation.field
    if new.many_to_many:
        return
    # ADD COLUMN locks the table until the commit, which includes the indexes and constraints.
    if getattr(new, "generated", False):
        yield _part_cost(CostKind.TABLE_REWRITE, Statement.ADD_COLUMN)
    if _has_foreign_key(new):
        yield _foreign_key_cost(Statement.ADD_COLUMN)
    if new.db_index or new.unique:
        yield _part_cost(CostKind.INDEX_BUILD, Statement.ADD_COLUMN)


@operation_costs.register
def _alter_field_costs(
    operation: AlterField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    old, new = tracker.model_state(table_ref).fields.get(operation.name), operation.field
    if old is None or not tracker.current_column(table_ref, operation.name) or new.many_to_many:
        return
    # A change of the column locks the table until the commit, as for AddField.
    altered: list[Statement] = []
    if not old.is_relation and not new.is_relation and _requires_rewrite(old, new):
        altered.append(Statement.ALTER_TYPE)
        yield _part_cost(CostKind.TABLE_REWRITE, Statement.ALTER_TYPE)
    elif old.null != new.null:
        altered.append(Statement.ALTER_NULLABILITY)
        if is_mysql() or not new.null:
            kind = CostKind.TABLE_REWRITE if is_mysql() else CostKind.FULL_SCAN
            yield _part_cost(kind, Statement.ALTER_NULLABILITY)
    if _has_foreign_key(new):
        target = tracker.foreign_key_target(table_ref, new)
        if target != tracker.foreign_key_target(table_ref, old):
            # The column is new, or its previous constraint is dropped.
            yield _foreign_key_cost(Statement.ALTER_TYPE)
        elif not _has_foreign_key(old):
            yield _foreign_key_cost(*altered)
    if (new.db_index or new.unique) and not (old.db_index or old.unique):
        index = Statement.ADD_UNIQUE if new.unique else Statement.CREATE_INDEX
        yield _part_cost(CostKind.INDEX_BUILD, index, *altered)


@operation_costs.register
def _remove_field_costs(
    operation: RemoveField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    old = tracker.model_state(table_ref).fields.get(operation.name)
    if is_mysql() and old is not None and (old.db_index or old.unique):
        yield _part_cost(CostKind.TABLE_REWRITE, Statement.DROP_COLUMN)


@operation_costs.register
def _add_constraint_costs(
    operation: AddConstraint, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    if isinstance(operation.constraint, CheckConstraint):
        kind = CostKind.TABLE_REWRITE if is_mysql() else CostKind.FULL_SCAN
        yield _part_cost(kind, Statement.ADD_CHECK)
    elif _is_unique_index(operation.constraint):
        yield _part_cost(CostKind.INDEX_BUILD, Statement.CREATE_INDEX)
    else:
        yield _part_cost(CostKind.INDEX_BUILD, Statement.ADD_UNIQUE)


@operation_costs.register
def _add_index_costs(
    operation: AddIndex, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    if type(operation).__module__.startswith("django.contrib.postgres."):
        yield PartCost(CostKind.INDEX_BUILD, Lock.UNKNOWN)  # CREATE INDEX CONCURRENTLY
    else:
        yield _part_cost(CostKind.INDEX_BUILD, Statement.CREATE_INDEX)


@operation_costs.register(AlterIndexTogether)
@operation_costs.register(AlterUniqueTogether)
def _alter_together_costs(
    operation: AlterTogetherOptionOperation, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[PartCost]:
    if tracker.added_unique_together(operation, table_ref):
        unique = isinstance(operation, AlterUniqueTogether)
        statement = Statement.ADD_UNIQUE if unique else Statement.CREATE_INDEX
        yield _part_cost(CostKind.INDEX_BUILD, statement)


def _part_cost(kind: CostKind, *statements: Statement) -> PartCost:
    """Return the cost of a part: its kind, and the most severe lock of its statements."""
    locks = {statement_lock(connection.vendor, statement) for statement in statements}
    return PartCost(kind, min(locks, key=list(Lock).index))


def _foreign_key_cost(*column_changes: Statement) -> PartCost:
    """Return the cost of adding a foreign key together with changes of its column."""
    kind = CostKind.TABLE_REWRITE if is_mysql() else CostKind.FULL_SCAN
    return _part_cost(kind, Statement.ADD_FOREIGN_KEY, *column_changes)


def _has_foreign_key(field: Field) -> bool:
    return bool(field.is_relation and getattr(field, "db_constraint", False))


def _is_unique_index(constraint: BaseConstraint) -> bool:
    """Return whether Django creates a unique index instead of a constraint."""
    return isinstance(constraint, UniqueConstraint) and any(
        (constraint.condition, constraint.expressions, constraint.include, constraint.opclasses)
    )


def _requires_rewrite(old: Field, new: Field) -> bool:
    """Return whether the server rewrites the values because the type of a column changes.

    A larger maximum length of a text column usually needs no rewrite.
    """
    old_type, new_type = old.db_type(connection), new.db_type(connection)
    if old_type == new_type or not (is_text(old_type) and is_text(new_type)):
        return bool(old_type != new_type)
    old_length, new_length = get_max_length(old_type), get_max_length(new_type)
    if not is_mysql():
        return new_length < old_length
    if UNLIMITED in (old_length, new_length):
        return True
    return new_length < old_length or (old_length <= ONE_BYTE_LENGTH_LIMIT < new_length)
