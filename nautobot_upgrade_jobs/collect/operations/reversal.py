"""What undoing migrations would do to the rows: each operation undone is one to be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
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
from django.db.migrations.state import ProjectState

from ...catalog.records import KnownReversal
from ...facts.preconditions import OperationCost, Precondition
from ...facts.reversal import Effect, Reversal, ReverseDataChange, ReverseEffect
from .. import Context, explain
from ..db.sql import fetch_value
from ..preconditions import (
    DROPS,
    derive_costs,
    derive_preconditions,
    sample_table_keys,
    test_precondition,
)
from .content_type_cascades import content_type_cascades
from .reverse import CustomReverse, Irreversible, StateOnlyReverse, reverse_operation
from .schema_tracker import (
    SchemaTracker,
    TableRef,
    build_m2m_table_name,
    build_table_name,
    get_column_name,
    has_table,
)
from .source import find_referenced_models, mentions, reverse_source
from .value_counts import DropTarget, ValueCount, count_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


NO_KNOWN_REVERSALS: Mapping[str, str] = MappingProxyType({})


def collect(
    context: Context, undoes: Sequence[str], known: Sequence[KnownReversal] = ()
) -> Reversal:
    """Look at what undoing migrations would do, from the state that is recorded now.

    Args:
        context: What to read through.
        undoes: Keys of applied migrations on disk, in the order in which they are undone.
        known: What is known of the code of some.
    """
    if not undoes:
        return Reversal()
    executor = MigrationExecutor(connection)
    state, found = _build_reverse_migrations(executor, set(undoes))
    plan = [found[key] for key in undoes]
    models, walk = set(state.models), SchemaTracker(state)
    reversal = analyze(context.connection, walk, plan, fixed_tables(known))
    gone = models - set(walk.state.models)
    spoilt = (
        _count_data_change(context.connection, one) for one in known if one.migration in undoes
    )
    began, ended = _get_applied_interval(executor, set(undoes))
    return replace(
        reversal,
        known_data_changes=tuple(spoilt),
        first_applied=began,
        last_applied=ended,
        cascades=tuple(content_type_cascades(context.connection, gone)),
    )


def _get_applied_interval(executor: MigrationExecutor, undoes: set[str]) -> tuple[str, str]:
    """Return when the first and the last of them were applied; both empty if nobody knows."""
    applied = executor.loader.applied_migrations.items()
    moments = [one.applied for (app, name), one in applied if f"{app}.{name}" in undoes]
    if not moments:
        return "", ""
    return min(moments).isoformat(timespec="seconds"), max(moments).isoformat(timespec="seconds")


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
    """Return, for each migration whose code is known, the tables that it may bring into line."""
    return {one.migration: " ".join(one.fixes_tables) for one in known}


def analyze(
    connection: BaseDatabaseWrapper,
    walk: SchemaTracker,
    plan: Sequence[Migration],
    known: Mapping[str, str] = NO_KNOWN_REVERSALS,
) -> Reversal:
    """Look at what migrations that undo others would do.

    Args:
        connection: What to ask the rows through.
        walk: The models as they are now.
        plan: What undoes the others, in order.
        known: Of those whose code is known, the tables whose rows it may bring into line with a
            demand, as words.
    """
    seen, work = _derive_effects_and_costs(walk, plan, known)
    counts = iter(count_values(connection, [one.drop_target for one in seen if one.drop_target]))
    effects = (
        _add_row_counts(one, next(counts) if one.drop_target else ValueCount(), connection)
        for one in seen
    )
    undoes = tuple(f"{one.app_label}.{one.name}" for one in plan)
    return Reversal(undoes, tuple(effects), tuple(work))


@dataclass
class _PendingEffect:
    """An effect, and what the rows are still to be asked about it."""

    effect: Effect
    drop_target: DropTarget | None = None
    preconditions: list[Precondition] = field(default_factory=list)


def _add_row_counts(
    one: _PendingEffect, count: ValueCount, connection: BaseDatabaseWrapper
) -> Effect:
    answers = [test_precondition(connection, demand) for demand in one.preconditions]
    broken = tuple(each for each in answers if each.affected_rows or each.unknown_reason)
    return replace(
        one.effect,
        kind="may fail" if broken and one.effect.kind == "keeps" else one.effect.kind,
        rows=count.rows,
        non_default_rows=count.non_default_rows,
        unknown_reason=count.unknown,
        violated_preconditions=broken,
        sample=sample_table_keys(connection, one.drop_target.table)
        if one.drop_target and count.non_default_rows and not one.drop_target.column
        else (),
    )


def _build_reverse_migrations(
    executor: MigrationExecutor, wanted: set[str]
) -> tuple[ProjectState, dict[str, Migration]]:
    """Go forward once through what is applied.

    Returns:
        The models as they are now, and of each wanted migration the one that undoes it.
    """
    loader = executor.loader
    state = ProjectState(real_apps=loader.unmigrated_apps)
    found = {}
    for migration, _ in executor.migration_plan(loader.graph.leaf_nodes(), clean_start=True):
        key = f"{migration.app_label}.{migration.name}"
        if key in wanted:
            found[key] = reverse_migration(migration, state)
        elif (migration.app_label, migration.name) in loader.applied_migrations:
            migration.mutate_state(state, preserve=False)
    return state, found


def reverse_migration(migration: Migration, state: ProjectState) -> Migration:
    """Return the migration that undoes another.

    Args:
        migration: The other.
        state: The models as they were before it; they are afterwards as they were after it.
    """
    found = Migration(migration.name, migration.app_label)
    for one in migration.operations:
        found.operations = [*reverse_operation(one, migration.app_label, state), *found.operations]
        one.state_forwards(migration.app_label, state)
    return found


def _derive_effects_and_costs(
    walk: SchemaTracker, plan: Sequence[Migration], known: Mapping[str, str]
) -> tuple[list[_PendingEffect], list[OperationCost]]:
    """Go back through the plan once; return its effects, and what it has to do."""
    seen, work = [], []
    code: list[tuple[str, str | None]] = []
    for number, migration in enumerate(plan):
        key = f"{migration.app_label}.{migration.name}"
        for one, place in walk.replay(migration):
            undone = type(one.original_operation).__name__
            for each in _derive_effects(one, place, walk, migration, Effect("keeps", key, undone)):
                seen.append(each)
                if each.effect.kind == "runs code":
                    work.append(OperationCost("code", key, undone, each.effect.table))
            if isinstance(one, (RunPython, RunSQL)):
                code.append(
                    (key, known[key] if key in known else reverse_source(one, forward=False))
                )
            if place:
                after = (key for key, text in code if mentions(text, place.model, place.table))
                before = {
                    "possibly_fixed_by": tuple(dict.fromkeys(after)),
                    "migrations_before": number,
                }
                seen[-1].preconditions = [
                    replace(demand, migration=key, operation=undone, **before)
                    for demand in derive_preconditions(one, walk, place)
                    if demand.kind != DROPS
                ]
                work += [
                    OperationCost(kind, key, undone, place.table)
                    for kind in derive_costs(one, walk, place)
                ]
    return seen, work


def _derive_effects(
    one: Operation, place: TableRef | None, walk: SchemaTracker, migration: Migration, plain: Effect
) -> Iterator[_PendingEffect]:
    """Yield what an operation that undoes another does to tables; at least one effect."""
    if isinstance(one, (Irreversible, CustomReverse)) and not one.reversible:
        yield _PendingEffect(replace(plain, kind="irreversible"))
    elif isinstance(one, StateOnlyReverse):
        yield _PendingEffect(_derive_state_only_effect(one, walk, migration, plain))
    elif isinstance(one, CustomReverse):
        yield _PendingEffect(replace(plain, kind="runs code", table=place.table if place else ""))
    elif isinstance(one, (RunPython, RunSQL)):
        yield from _derive_code_effects(one, walk, plain)
    elif isinstance(one, CreateModel):
        kind = "returns empty" if has_table(one.options) else "keeps"
        name = build_table_name(migration.app_label, one.name_lower, one.options)
        yield _PendingEffect(replace(plain, kind=kind, table=name))
    elif place is None:
        yield _PendingEffect(plain)
    elif isinstance(one, (DeleteModel, RemoveField)):
        yield from (_PendingEffect(*each) for each in dropped_by(one, place, walk, plain))
    elif isinstance(one, AddField):
        yield _PendingEffect(_restored_by(one, place, plain))
    else:
        yield _PendingEffect(replace(plain, table=place.table))


def _derive_state_only_effect(
    one: StateOnlyReverse, walk: SchemaTracker, migration: Migration, plain: Effect
) -> Effect:
    """Return what stays in the database: the name of an index that had none of its own."""
    if not isinstance(one.original_operation, RenameIndex):
        return plain
    table = walk.current_table(migration.app_label, one.original_operation.model_name_lower)
    return replace(plain, table=table or "", unrenamed_index=one.original_operation.new_name)


def dropped_by(
    one: DeleteModel | RemoveField, place: TableRef, walk: SchemaTracker, plain: Effect
) -> Iterator[tuple[Effect, DropTarget | None]]:
    """Yield what goes: a column, or a table with those of its relations to many.

    Args:
        one: The operation that takes it away.
        place: Of the model.
        walk: The models before the operation.
        plain: What is told where nothing goes.
    """
    fields = walk.model_state(place).fields
    if isinstance(one, RemoveField):
        if column := walk.current_column(place, one.name):
            effect = replace(plain, kind="drops", table=place.table, column=column)
            yield effect, DropTarget(place.table, column, fields[one.name])
        elif table := walk.m2m_table(place, one.name):
            yield replace(plain, kind="drops", table=table), DropTarget(table)
        else:
            yield plain, None
        return
    tables = [place.table, *(walk.m2m_table(place, name) for name in fields)]
    for table in filter(None, tables):
        yield replace(plain, kind="drops", table=table), DropTarget(table)


def _restored_by(one: AddField, place: TableRef, plain: Effect) -> Effect:
    new = one.field
    if not new.many_to_many:
        column = get_column_name(one.name, new)
        return replace(plain, kind="returns empty", table=place.table, column=column)
    if new.remote_field.through is not None:
        return plain  # a model of its own
    return replace(plain, kind="returns empty", table=build_m2m_table_name(place, one.name, new))


def _derive_code_effects(
    one: RunPython | RunSQL, walk: SchemaTracker, plain: Effect
) -> Iterator[_PendingEffect]:
    """Yield the tables that code names, or one effect without a table."""
    forward, back = reverse_source(one, forward=True), reverse_source(one, forward=False)
    if forward == back == "":
        yield _PendingEffect(plain)
        return
    kind: ReverseEffect = "does nothing" if back == "" else "runs code"
    tables = dict.fromkeys(
        walk.current_table(*model) for model in find_referenced_models(back or forward)
    )
    for table in [one for one in tables if one] or [""]:
        yield _PendingEffect(
            replace(plain, kind=kind, table=table), DropTarget(table) if table else None
        )
