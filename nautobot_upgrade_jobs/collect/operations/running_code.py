"""Find the operations that the code of the installed release does not tolerate while it runs.

The old code runs on the new schema while services restart one after another. It then inserts rows
without the new columns, and it reads and writes all columns and tables that it knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from django.db import connection
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTableComment,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameIndex,
)
from django.db.migrations.operations.base import Operation
from django.db.models import Field

from ..db.column_types import UNLIMITED, get_max_length, is_text
from .field_values import has_database_default
from .schema_tracker import SchemaTracker, TableRef

TOLERATED = (
    AddIndex,
    AlterIndexTogether,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTableComment,
    CreateModel,
    RemoveConstraint,
    RemoveIndex,
    RenameIndex,
)
"""Operations that change nothing on which a query of the old code depends."""


@singledispatch
def running_code_conflict(
    operation: Operation, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    """Yield why the old code does not tolerate an operation. Nothing if it does.

    Args:
        operation: The next operation of the plan.
        tracker: The models before the operation.
        table_ref: The model that the operation changes. Its table exists.
    """
    if not isinstance(operation, TOLERATED):
        yield f"the effect of {type(operation).__name__} on running code is unknown"


@running_code_conflict.register
def _add_field(operation: AddField, tracker: SchemaTracker, table_ref: TableRef) -> Iterator[str]:
    yield from _missing_value(operation.field, operation.name, table_ref)


def _missing_value(field: Field, name: str, table_ref: TableRef) -> Iterator[str]:
    """Yield a conflict if a row without a value for a new field is refused."""
    if not (field.many_to_many or field.null or has_database_default(field)):
        yield f"running code inserts rows without {table_ref.table}.{name}"


@running_code_conflict.register
def _remove_field(
    operation: RemoveField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    if tracker.m2m_table(table_ref, operation.name) or tracker.current_column(
        table_ref, operation.name
    ):
        yield f"running code reads {table_ref.table}.{operation.name}"


@running_code_conflict.register
def _delete_model(
    operation: DeleteModel, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    yield f"running code reads {table_ref.table}"


@running_code_conflict.register
def _add_constraint(
    operation: AddConstraint, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    yield f"running code may write rows that {operation.constraint.name} refuses"


@running_code_conflict.register
def _alter_unique_together(
    operation: AlterUniqueTogether, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    for fields in sorted(tracker.added_unique_together(operation, table_ref)):
        yield f"running code may write equal values of {', '.join(fields)} to {table_ref.table}"


@running_code_conflict.register
def _alter_field(
    operation: AlterField, tracker: SchemaTracker, table_ref: TableRef
) -> Iterator[str]:
    old, new = tracker.model_state(table_ref).fields.get(operation.name), operation.field
    if old is None or _database_parts(old) == _database_parts(new):
        return
    if old.many_to_many or new.many_to_many:
        yield f"running code uses the relation {table_ref.table}.{operation.name}"
    elif not tracker.current_column(table_ref, operation.name):
        yield from _missing_value(new, operation.name, table_ref)  # The plan adds the column.
    elif not _is_relaxed(old, new):
        yield f"running code depends on the type of {table_ref.table}.{operation.name}"


def _database_parts(field: Field) -> tuple[object, ...]:
    """Return the parts of a field's definition that its column or its table depends on."""
    _, path, arguments, options = field.deconstruct()
    models_only = {*field.non_db_attrs, "default"} - {"db_column"}
    parts = {name: value for name, value in options.items() if name not in models_only}
    return path, arguments, parts


def _checks(field: Field) -> str | None:
    """Return the check that the type of a field has, such as that a number is positive."""
    checks: dict[str, str] = connection.data_type_check_constraints
    return checks.get(field.get_internal_type())


def _is_relaxed(old: Field, new: Field) -> bool:
    """Return whether a column accepts all that it accepted before, and old code can read it."""
    if old.is_relation or new.is_relation or (old.null and not new.null):
        return False
    if (new.unique and not old.unique) or old.db_column != new.db_column:
        return False
    if has_database_default(old) and not has_database_default(new):
        return False
    before, after = (field.db_parameters(connection) for field in (old, new))
    if before.get("collation") != after.get("collation") or _checks(old) != _checks(new):
        return False
    old_type, new_type = before["type"], after["type"]
    if old_type == new_type:
        return True
    if not (old_type and new_type and is_text(old_type) and is_text(new_type)):
        return False
    old_length, new_length = get_max_length(old_type), get_max_length(new_type)
    return new_length == UNLIMITED or (old_length != UNLIMITED and old_length <= new_length)
