"""Derive what reversing operations do to tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameIndex,
    RunPython,
    RunSQL,
)
from django.db.migrations.operations.base import Operation

from ...facts.preconditions import Precondition
from ...facts.reversal import Effect, ReverseEffect
from .reverse import CustomReverse, Irreversible, StateOnlyReverse
from .schema_tracker import SchemaTracker, TableRef
from .source import read_reverse_code
from .source_text import find_referenced_models
from .table_names import build_m2m_table_name, build_table_name, get_column_name, has_table
from .value_counts import DropTarget


@dataclass
class PendingEffect:
    """An effect, and what must still be counted and tested in the rows."""

    effect: Effect
    drop_target: DropTarget | None = None
    """The table or column whose values must be counted. None if there is nothing to count."""
    preconditions: list[Precondition] = field(default_factory=list)
    """The preconditions to test."""


def derive_effects(
    operation: Operation,
    table_ref: TableRef | None,
    tracker: SchemaTracker,
    migration: Migration,
    lossless: Effect,
) -> Iterator[PendingEffect]:
    """Yield the effects of a reversing operation on tables, at least one.

    Args:
        operation: The reversing operation.
        table_ref: The model that the operation changes. None if the model has no table.
        tracker: The models before the operation.
        migration: The reverse migration.
        lossless: The effect of an operation that loses nothing.
    """
    if isinstance(operation, (Irreversible, CustomReverse)) and not operation.reversible:
        yield PendingEffect(replace(lossless, kind=ReverseEffect.IRREVERSIBLE))
    elif isinstance(operation, StateOnlyReverse):
        yield PendingEffect(_derive_state_only_effect(operation, tracker, migration, lossless))
    elif isinstance(operation, CustomReverse):
        table = table_ref.table if table_ref else ""
        yield PendingEffect(replace(lossless, kind=ReverseEffect.RUNS_CODE, table=table))
    elif isinstance(operation, (RunPython, RunSQL)):
        yield from _derive_code_effects(operation, tracker, lossless)
    elif isinstance(operation, CreateModel):
        kind = (
            ReverseEffect.RESTORES_EMPTY if has_table(operation.options) else ReverseEffect.LOSSLESS
        )
        table = build_table_name(migration.app_label, operation.name_lower, operation.options)
        yield PendingEffect(replace(lossless, kind=kind, table=table))
    elif table_ref is None:
        yield PendingEffect(lossless)
    elif isinstance(operation, (DeleteModel, RemoveField)):
        for effect, target in dropped_by(operation, table_ref, tracker, lossless):
            yield PendingEffect(effect, target)
    elif isinstance(operation, AddField):
        yield PendingEffect(_restored_by(operation, table_ref, lossless))
    else:
        yield PendingEffect(replace(lossless, table=table_ref.table))


def dropped_by(
    operation: DeleteModel | RemoveField,
    table_ref: TableRef,
    tracker: SchemaTracker,
    lossless: Effect,
) -> Iterator[tuple[Effect, DropTarget | None]]:
    """Yield what an operation drops: a column, or a table and its automatic many-to-many tables.

    Args:
        operation: The operation.
        table_ref: The model that the operation changes.
        tracker: The models before the operation.
        lossless: The effect to yield if nothing is dropped.
    """
    fields = tracker.model_state(table_ref).fields
    if isinstance(operation, RemoveField):
        if column := tracker.current_column(table_ref, operation.name):
            effect = replace(
                lossless, kind=ReverseEffect.DROPS, table=table_ref.table, column=column
            )
            yield effect, DropTarget(table_ref.table, column, fields[operation.name])
        elif table := tracker.m2m_table(table_ref, operation.name):
            yield replace(lossless, kind=ReverseEffect.DROPS, table=table), DropTarget(table)
        else:
            yield lossless, None
        return
    tables = [table_ref.table, *(tracker.m2m_table(table_ref, name) for name in fields)]
    for table in filter(None, tables):
        yield replace(lossless, kind=ReverseEffect.DROPS, table=table), DropTarget(table)


def _restored_by(operation: AddField, table_ref: TableRef, lossless: Effect) -> Effect:
    """Return the effect of restoring a column or a many-to-many table without its values."""
    new = operation.field
    if not new.many_to_many:
        column = get_column_name(operation.name, new)
        return replace(
            lossless, kind=ReverseEffect.RESTORES_EMPTY, table=table_ref.table, column=column
        )
    if new.remote_field.through is not None:
        return lossless  # The through model has its own operation.
    table = build_m2m_table_name(table_ref, operation.name, new)
    return replace(lossless, kind=ReverseEffect.RESTORES_EMPTY, table=table)


def _derive_state_only_effect(
    operation: StateOnlyReverse, tracker: SchemaTracker, migration: Migration, lossless: Effect
) -> Effect:
    """Return the effect on the database. A renamed index without an old name keeps the new name."""
    original = operation.original_operation
    if not isinstance(original, RenameIndex):
        return lossless
    table = tracker.current_table(migration.app_label, original.model_name_lower)
    return replace(lossless, table=table or "", unrenamed_index=original.new_name)


def _derive_code_effects(
    operation: RunPython | RunSQL, tracker: SchemaTracker, lossless: Effect
) -> Iterator[PendingEffect]:
    """Yield one effect per table that the code names, or one effect without a table."""
    key = lossless.migration
    forward = read_reverse_code(key, operation, forward=True)
    backward = read_reverse_code(key, operation, forward=False)
    code = backward or forward
    if code is None or not code.may_write:
        yield PendingEffect(lossless)  # Code that writes nothing leaves nothing behind.
        return
    kind = ReverseEffect.RUNS_CODE if backward else ReverseEffect.NOOP
    tables = dict.fromkeys(
        tracker.current_table(*model) for model in find_referenced_models(code.text)
    )
    for table in [table for table in tables if table] or [""]:
        yield PendingEffect(
            replace(lossless, kind=kind, table=table), DropTarget(table) if table else None
        )
