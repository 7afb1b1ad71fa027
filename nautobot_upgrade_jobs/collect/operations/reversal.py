"""Analyze the effects of reversing migrations on the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.state import ProjectState

from ...catalog.records import KnownReversal
from ...facts.preconditions import CostKind, OperationCost, PreconditionKind
from ...facts.reversal import Effect, Reversal, ReverseDataChange, ReverseEffect
from ..context import Context, explain
from ..db.sql import fetch_value
from ..preconditions import sample_table_keys, test_precondition
from .content_type_cascades import content_type_cascades
from .known_names import KnownNames
from .plan_analysis import derive_costs, derive_preconditions, field_names
from .reverse import reverse_operation
from .reverse_effects import PendingEffect, derive_effects
from .schema_tracker import SchemaTracker
from .source import Code, find_fixing_code, read_reverse_code
from .value_counts import ValueCount, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NO_KNOWN_REVERSALS: Mapping[str, str] = MappingProxyType({})


def collect(
    context: Context, migrations: Sequence[str], known: Sequence[KnownReversal] = ()
) -> Reversal:
    """Analyze the effects of reversing applied migrations of the current database.

    Args:
        context: The context of the run, with the database connection.
        migrations: Keys of applied migrations whose files exist, in the order of reversing.
        known: Catalog entries about the reverse code of some migrations.
    """
    if not migrations:
        return Reversal()
    executor = MigrationExecutor(connection)
    state, reverse_migrations = _build_reverse_migrations(executor, set(migrations))
    plan = [reverse_migrations[key] for key in migrations]
    models, tracker = set(state.models), SchemaTracker(state)
    reversal = analyze(context.connection, tracker, plan, fixed_tables(known))
    removed_models = models - set(tracker.state.models)
    data_changes = (
        _count_data_change(context.connection, entry)
        for entry in known
        if entry.migration in migrations
    )
    first_applied, last_applied = _get_applied_interval(executor, set(migrations))
    return replace(
        reversal,
        known_data_changes=tuple(data_changes),
        first_applied=first_applied,
        last_applied=last_applied,
        cascades=tuple(content_type_cascades(context.connection, removed_models)),
    )


def _get_applied_interval(executor: MigrationExecutor, migrations: set[str]) -> tuple[str, str]:
    """Return when the first and the last migration were applied. Two empty strings if unknown."""
    applied = executor.loader.applied_migrations.items()
    times = [record.applied for (app, name), record in applied if f"{app}.{name}" in migrations]
    if not times:
        return "", ""
    return min(times).isoformat(timespec="seconds"), max(times).isoformat(timespec="seconds")


def _count_data_change(connection: BaseDatabaseWrapper, known: KnownReversal) -> ReverseDataChange:
    if not known.sql:
        return ReverseDataChange(known.migration, known.description)
    try:
        return ReverseDataChange(
            known.migration, known.description, int(fetch_value(connection, known.sql))
        )
    except DatabaseError as error:
        return ReverseDataChange(known.migration, known.description, unknown_reason=explain(error))


def fixed_tables(known: Iterable[KnownReversal]) -> dict[str, str]:
    """Return the names of the tables that known reverse code may correct, by migration."""
    return {entry.migration: " ".join(entry.fixes_tables) for entry in known}


def analyze(
    connection: BaseDatabaseWrapper,
    tracker: SchemaTracker,
    plan: Sequence[Migration],
    known: Mapping[str, str] = NO_KNOWN_REVERSALS,
) -> Reversal:
    """Analyze the effects of reversing migrations.

    Args:
        connection: The connection to query rows through.
        tracker: The current models.
        plan: The reverse migrations in order.
        known: By migration with known reverse code, the tables whose rows this code may fix,
            separated by spaces. Fixed rows no longer violate a precondition.
    """
    pending, costs = _derive_effects_and_costs(tracker, plan, known)
    counts = iter(
        count_values(connection, [each.drop_target for each in pending if each.drop_target])
    )
    effects = (
        _add_row_counts(each, next(counts) if each.drop_target else ValueCount(), connection)
        for each in pending
    )
    keys = tuple(f"{migration.app_label}.{migration.name}" for migration in plan)
    return Reversal(keys, tuple(effects), tuple(costs))


def _add_row_counts(
    pending: PendingEffect, count: ValueCount, connection: BaseDatabaseWrapper
) -> Effect:
    """Return the effect with row counts and with its violated or untested preconditions.

    A lossless effect with such a precondition becomes MAY_FAIL.
    """
    effect, target = pending.effect, pending.drop_target
    results = [test_precondition(connection, each) for each in pending.preconditions]
    violated = tuple(each for each in results if each.affected_rows or each.unknown_reason)
    return replace(
        effect,
        kind=ReverseEffect.MAY_FAIL
        if violated and effect.kind == ReverseEffect.LOSSLESS
        else effect.kind,
        rows=count.rows,
        non_default_rows=count.non_default_rows,
        unknown_reason=count.unknown,
        violated_preconditions=violated,
        sample=sample_table_keys(connection, target.table)
        if target and count.non_default_rows and not target.column
        else (),
    )


def _build_reverse_migrations(
    executor: MigrationExecutor, keys: set[str]
) -> tuple[ProjectState, dict[str, Migration]]:
    """Replay all applied migrations once.

    Returns:
        The current models, and the reverse migration of each wanted migration.
    """
    loader = executor.loader
    state = ProjectState(real_apps=loader.unmigrated_apps)
    reverse_migrations = {}
    for migration, _ in executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True):
        key = f"{migration.app_label}.{migration.name}"
        if key in keys:
            reverse_migrations[key] = reverse_migration(migration, state)
        elif (migration.app_label, migration.name) in loader.applied_migrations:
            migration.mutate_state(state, preserve=False)
    return state, reverse_migrations


def reverse_migration(migration: Migration, state: ProjectState) -> Migration:
    """Return the migration that reverses the given one, and apply the given one to the state.

    Args:
        migration: The migration to reverse.
        state: The models before the migration. It is changed to the models after the migration.
    """
    reverse = Migration(migration.name, migration.app_label)
    for operation in migration.operations:
        reverse_operations = reverse_operation(operation, migration.app_label, state)
        reverse.operations = [*reverse_operations, *reverse.operations]
        operation.state_forwards(migration.app_label, state)
    return reverse


def _derive_effects_and_costs(
    tracker: SchemaTracker, plan: Sequence[Migration], known: Mapping[str, str]
) -> tuple[list[PendingEffect], list[OperationCost]]:
    """Replay the reverse migrations once. Return their effects and their costs."""
    pending: list[PendingEffect] = []
    costs: list[OperationCost] = []
    sources: list[Code] = []
    for number, migration in enumerate(plan):
        key = f"{migration.app_label}.{migration.name}"
        for operation, table_ref, _ in tracker.replay(migration):
            original = type(operation.original_operation).__name__
            lossless = Effect(ReverseEffect.LOSSLESS, key, original)
            for each in derive_effects(operation, table_ref, tracker, migration, lossless):
                pending.append(each)
                if each.effect.kind == ReverseEffect.RUNS_CODE:
                    costs.append(
                        OperationCost(CostKind.DATA_MIGRATION, key, original, each.effect.table)
                    )
            if isinstance(operation, (RunPython, RunSQL)):
                if key in known:
                    sources.append(Code(key, known[key]))
                elif code := read_reverse_code(key, operation, forward=False):
                    sources.append(code)
            if table_ref:
                models = KnownNames().of_model(table_ref, tracker.model_state(table_ref))
                pending[-1].preconditions = [
                    replace(
                        precondition,
                        migration=key,
                        operation=original,
                        possibly_fixed_by=find_fixing_code(
                            sources,
                            precondition.kind,
                            field_names(operation, precondition),
                            models,
                        ),
                        migrations_before=number,
                    )
                    for precondition in derive_preconditions(operation, tracker, table_ref)
                    if precondition.kind is not PreconditionKind.DROPS
                ]
                costs += [
                    OperationCost(part.kind, key, original, table_ref.table, part.lock)
                    for part in derive_costs(operation, tracker, table_ref)
                ]
    return pending, costs
