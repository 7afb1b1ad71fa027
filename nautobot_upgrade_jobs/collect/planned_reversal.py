"""Predict what reversing the pending migrations would do to the current rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import DeleteModel, RemoveField
from django.db.migrations.state import ProjectState

from ..catalog import load_catalog
from ..facts import PlannedReversal
from ..facts.reversal import Effect, ReverseEffect
from .context import Context
from .operations.reversal import (
    NO_KNOWN_REVERSALS,
    analyze,
    fixed_tables,
    reverse_migration,
)
from .operations.reverse_effects import dropped_by
from .operations.schema_tracker import SchemaTracker
from .operations.value_counts import DropTarget, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PlannedDrop = tuple[Effect, DropTarget]
"""A table or column that the upgrade drops and that reversing restores empty."""


def collect(context: Context) -> PlannedReversal:
    """Replay the pending migrations forward and back on the current rows.

    Tables and columns that these migrations create have no rows yet.
    """
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return PlannedReversal()
    state = executor._create_project_state(with_applied_migrations=True)
    known = fixed_tables(load_catalog().known_reversals)
    return analyze_planned(context.connection, state, [migration for migration, _ in plan], known)


def analyze_planned(
    connection: BaseDatabaseWrapper,
    state: ProjectState,
    plan: Sequence[Migration],
    known: Mapping[str, str] = NO_KNOWN_REVERSALS,
) -> PlannedReversal:
    """Predict what reversing pending migrations would do.

    Args:
        connection: The connection to query the current rows.
        state: The current models. It is changed to the models after the plan.
        plan: The migrations in order.
        known: By migration with known reverse code, the tables whose rows this code may fix,
            separated by spaces. Fixed rows no longer violate a precondition.
    """
    tracker = SchemaTracker(state.clone())
    reverse_plan: list[Migration] = []
    drops: list[PlannedDrop] = []
    for migration in plan:
        reverse_plan.append(reverse_migration(migration, state))
        drops += _dropped_on_upgrade(migration, tracker)
    reversal = analyze(connection, tracker, reverse_plan[::-1], known)
    counts = count_values(connection, [target for _, target in drops])
    restored = (
        replace(effect, rows=count.rows, unknown_reason=count.unknown)
        for (effect, _), count in zip(drops, counts, strict=True)
    )
    return PlannedReversal(
        reversal.migrations,
        (*map(_clear_row_loss, reversal.effects), *restored),
        reversal.operation_costs,
    )


def _dropped_on_upgrade(migration: Migration, tracker: SchemaTracker) -> Iterator[PlannedDrop]:
    """Replay a migration, and yield the tables and columns that it drops, by current name."""
    key = f"{migration.app_label}.{migration.name}"
    for operation, table, _ in tracker.replay(migration):
        if table and isinstance(operation, (DeleteModel, RemoveField)):
            template = Effect(ReverseEffect.RESTORES_EMPTY, key, type(operation).__name__)
            for effect, target in dropped_by(operation, table, tracker, template):
                if target:
                    yield replace(effect, kind=ReverseEffect.RESTORES_EMPTY), target


def _clear_row_loss(effect: Effect) -> Effect:
    """Mark a table or column that is restored empty as lossless: ``_dropped_on_upgrade`` counts it.

    If a precondition is violated, reversing may still fail.
    """
    if effect.kind != ReverseEffect.RESTORES_EMPTY:
        return effect
    return replace(
        effect,
        kind=ReverseEffect.MAY_FAIL if effect.violated_preconditions else ReverseEffect.LOSSLESS,
    )
