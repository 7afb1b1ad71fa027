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

from ..catalog import load
from ..facts import Retreat
from ..facts.reversal import Effect
from . import Context
from .operations.reversal import NONE_IS_KNOWN, look, mended, that_go, undoing
from .operations.schema_tracker import Walk
from .operations.value_counts import Goes, counted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Leaving = tuple[Effect, Goes]
"""What comes back without what is in it today, and where that is today."""


def collect(context: Context) -> Retreat:
    """Go forward through the plan, and back again: what came on the way there, has no rows yet."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Retreat()
    state = executor._create_project_state(with_applied_migrations=True)
    known = mended(load().reversals)
    return ahead(context.connection, state, [migration for migration, _ in plan], known)


def ahead(
    connection: BaseDatabaseWrapper,
    state: ProjectState,
    plan: Sequence[Migration],
    known: Mapping[str, str] = NONE_IS_KNOWN,
) -> Retreat:
    """Look at what undoing migrations would do that are still to come.

    Args:
        connection: What to ask the rows of today through.
        state: The models as they are today; afterwards, as they are to be.
        plan: The migrations in their order.
        known: Of those whose code is known, the tables whose rows it may bring into line with a
            demand, as words.
    """
    walk = Walk(state.clone())
    back: list[Migration] = []
    leaving: list[Leaving] = []
    for migration in plan:
        back.append(undoing(migration, state))
        leaving += _leaving(migration, walk)
    found = look(connection, walk, back[::-1], known)
    counts = counted(connection, [goes for _, goes in leaving])
    returns = (
        replace(effect, rows=count.rows, unknown=count.unknown)
        for (effect, _), count in zip(leaving, counts, strict=True)
    )
    return Retreat(found.undoes, (*map(_without_rows, found.effects), *returns), found.work)


def _leaving(migration: Migration, walk: Walk) -> Iterator[Leaving]:
    """Go through a migration; yield what it takes away, as it is named today."""
    key = f"{migration.app_label}.{migration.name}"
    for one, place in walk.steps(migration):
        if place and isinstance(one, (DeleteModel, RemoveField)):
            plain = Effect("returns empty", key, type(one).__name__)
            for effect, goes in that_go(one, place, walk, plain):
                if goes:
                    yield replace(effect, kind="returns empty"), goes


def _without_rows(one: Effect) -> Effect:
    """Leave what comes back to those who know what is in it today; what it demands stays."""
    if one.kind != "returns empty":
        return one
    return replace(one, kind="may fail" if one.broken else "keeps")
