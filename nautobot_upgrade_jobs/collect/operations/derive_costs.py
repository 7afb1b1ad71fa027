"""What an operation of a migration costs the server: rows read or written, and who waits."""

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
    AlterUniqueTogether,
    RemoveField,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import AlterTogetherOptionOperation
from django.db.models import CheckConstraint, Field

from ..db.column_types import UNLIMITED, get_max_length, is_mysql, is_text
from .schema_tracker import SchemaTracker, TableRef

ONE_BYTE_LENGTH_LIMIT = 63
"""Characters of utf8mb4 up to which MySQL keeps the length of a varchar in one byte."""


@singledispatch
def operation_costs(one: Operation, walk: SchemaTracker, place: TableRef) -> Iterator[str]:
    """Yield ``rewrite``, ``scan`` or ``index``; most operations only change the catalog.

    PostgreSQL: documentation of ALTER TABLE; MySQL: "Online DDL Operations" of its manual.

    Args:
        one: It is about to be done.
        walk: Where the plan is.
        place: The model that it works on; its table is there today.
    """
    yield from ()


@operation_costs.register
def _add_field_costs(one: AddField, walk: SchemaTracker, place: TableRef) -> Iterator[str]:
    new = one.field
    if new.many_to_many:
        return
    if getattr(new, "generated", False):
        yield "rewrite"
    yield from _foreign_key_cost(new)
    if new.db_index or new.unique:
        yield "index"


@operation_costs.register
def _alter_field_costs(one: AlterField, walk: SchemaTracker, place: TableRef) -> Iterator[str]:
    old, new = walk.model_state(place).fields.get(one.name), one.field
    if old is None or not walk.current_column(place, one.name) or new.many_to_many:
        return
    if not old.is_relation and not new.is_relation and _requires_rewrite(old, new):
        yield "rewrite"
    elif old.null != new.null and (is_mysql() or not new.null):
        yield "rewrite" if is_mysql() else "scan"
    if new.is_relation and walk.foreign_key_target(place, new) != walk.foreign_key_target(
        place, old
    ):
        yield from _foreign_key_cost(new)
    if (new.db_index or new.unique) and not (old.db_index or old.unique):
        yield "index"


@operation_costs.register
def _remove_field_costs(one: RemoveField, walk: SchemaTracker, place: TableRef) -> Iterator[str]:
    old = walk.model_state(place).fields.get(one.name)
    if is_mysql() and old is not None and (old.db_index or old.unique):
        yield "rewrite"


@operation_costs.register
def _add_constraint_costs(
    one: AddConstraint, walk: SchemaTracker, place: TableRef
) -> Iterator[str]:
    if not isinstance(one.constraint, CheckConstraint):
        yield "index"
    else:
        yield "rewrite" if is_mysql() else "scan"


@operation_costs.register
def _add_index_costs(one: AddIndex, walk: SchemaTracker, place: TableRef) -> Iterator[str]:
    yield "index"


@operation_costs.register(AlterIndexTogether)
@operation_costs.register(AlterUniqueTogether)
def _alter_together_costs(
    one: AlterTogetherOptionOperation, walk: SchemaTracker, place: TableRef
) -> Iterator[str]:
    if walk.added_unique_together(one, place):
        yield "index"


def _foreign_key_cost(new: Field) -> Iterator[str]:
    if new.is_relation and getattr(new, "db_constraint", False):
        yield "rewrite" if is_mysql() else "scan"


def _requires_rewrite(old: Field, new: Field) -> bool:
    """Tell whether the values have to be written anew; longer texts need not, as a rule."""
    before, after = old.db_type(connection), new.db_type(connection)
    if before == after or not (is_text(before) and is_text(after)):
        return bool(before != after)
    was, becomes = get_max_length(before), get_max_length(after)
    if not is_mysql():
        return becomes < was
    if UNLIMITED in (was, becomes):
        return True
    return becomes < was or (was <= ONE_BYTE_LENGTH_LIMIT < becomes)
