"""What undoing the migrations to come would do to the rows that are there today."""

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
from ..facts.reversal import Effect
from . import Context
from .operations.reversal import (
    NO_KNOWN_REVERSALS,
    analyze,
    dropped_by,
    fixed_tables,
    reverse_migration,
)
from .operations.schema_tracker import SchemaTracker
from .operations.value_counts import DropTarget, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PlannedDrop = tuple[Effect, DropTarget]
"""What comes back without what is in it today, and where that is today."""


def collect(context: Context) -> PlannedReversal:
    """Go forward through the plan, and back again: what came on the way there, has no rows yet."""
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
    """Look at what undoing migrations would do that are still to come.

    Args:
        connection: What to ask the rows of today through.
        state: The models as they are today; afterwards, as they are to be.
        plan: The migrations in their order.
        known: Of those whose code is known, the tables whose rows it may bring into line with a
            demand, as words.
    """
    walk = SchemaTracker(state.clone())
    back: list[Migration] = []
    leaving: list[PlannedDrop] = []
    for migration in plan:
        back.append(reverse_migration(migration, state))
        leaving += _dropped_on_upgrade(migration, walk)
    found = analyze(connection, walk, back[::-1], known)
    counts = count_values(connection, [goes for _, goes in leaving])
    returns = (
        replace(effect, rows=count.rows, unknown_reason=count.unknown)
        for (effect, _), count in zip(leaving, counts, strict=True)
    )
    return PlannedReversal(
        found.migrations, (*map(_clear_row_loss, found.effects), *returns), found.operation_costs
    )


def _dropped_on_upgrade(migration: Migration, walk: SchemaTracker) -> Iterator[PlannedDrop]:
    """Go through a migration; yield what it takes away, as it is named today."""
    key = f"{migration.app_label}.{migration.name}"
    for one, place in walk.replay(migration):
        if place and isinstance(one, (DeleteModel, RemoveField)):
            plain = Effect("returns empty", key, type(one).__name__)
            for effect, goes in dropped_by(one, place, walk, plain):
                if goes:
                    yield replace(effect, kind="returns empty"), goes


def _clear_row_loss(one: Effect) -> Effect:
    """Leave what comes back to those who know what is in it today; what it demands stays."""
    if one.kind != "returns empty":
        return one
    return replace(one, kind="may fail" if one.violated_preconditions else "keeps")
