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
from ...facts.demands import Demand, Work
from ...facts.reversal import Effect, Kind, Reversal, Spoilt
from .. import Context, explain
from ..db.sql import value
from ..demands import GOES, answer, demands_of, kinds_of, sample_of
from .content_type_cascades import cascades
from .reverse import Irreversible, Opaque, StateOnly, inverse
from .schema_tracker import Place, Walk, column_of, has_table, many_table, own_table
from .source import models_in, names, undoing_text
from .value_counts import Count, Goes, counted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


NONE_IS_KNOWN: Mapping[str, str] = MappingProxyType({})


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
    state, found = _inverted(executor, set(undoes))
    plan = [found[key] for key in undoes]
    models, walk = set(state.models), Walk(state)
    reversal = look(context.connection, walk, plan, mended(known))
    gone = models - set(walk.state.models)
    spoilt = (_spoilt(context.connection, one) for one in known if one.migration in undoes)
    began, ended = _when(executor, set(undoes))
    return replace(
        reversal,
        spoilt=tuple(spoilt),
        began=began,
        ended=ended,
        cascades=tuple(cascades(context.connection, gone)),
    )


def _when(executor: MigrationExecutor, undoes: set[str]) -> tuple[str, str]:
    """Return when the first and the last of them were applied; both empty if nobody knows."""
    applied = executor.loader.applied_migrations.items()
    moments = [one.applied for (app, name), one in applied if f"{app}.{name}" in undoes]
    if not moments:
        return "", ""
    return min(moments).isoformat(timespec="seconds"), max(moments).isoformat(timespec="seconds")


def _spoilt(connection: BaseDatabaseWrapper, known: KnownReversal) -> Spoilt:
    if not known.sql:
        return Spoilt(known.migration, known.says)
    try:
        return Spoilt(known.migration, known.says, int(value(connection, known.sql)))
    except DatabaseError as error:
        return Spoilt(known.migration, known.says, unknown=explain(error))


def mended(known: Iterable[KnownReversal]) -> dict[str, str]:
    """Return, for each migration whose code is known, the tables that it may bring into line."""
    return {one.migration: " ".join(one.mends) for one in known}


def look(
    connection: BaseDatabaseWrapper,
    walk: Walk,
    plan: Sequence[Migration],
    known: Mapping[str, str] = NONE_IS_KNOWN,
) -> Reversal:
    """Look at what migrations that undo others would do.

    Args:
        connection: What to ask the rows through.
        walk: The models as they are now.
        plan: What undoes the others, in order.
        known: Of those whose code is known, the tables whose rows it may bring into line with a
            demand, as words.
    """
    seen, work = _read(walk, plan, known)
    counts = iter(counted(connection, [one.goes for one in seen if one.goes]))
    effects = (_with_rows(one, next(counts) if one.goes else Count(), connection) for one in seen)
    undoes = tuple(f"{one.app_label}.{one.name}" for one in plan)
    return Reversal(undoes, tuple(effects), tuple(work))


@dataclass
class _Seen:
    """An effect, and what the rows are still to be asked about it."""

    effect: Effect
    goes: Goes | None = None
    demands: list[Demand] = field(default_factory=list)


def _with_rows(one: _Seen, count: Count, connection: BaseDatabaseWrapper) -> Effect:
    answers = [answer(connection, demand) for demand in one.demands]
    broken = tuple(each for each in answers if each.rows or each.unknown)
    return replace(
        one.effect,
        kind="may fail" if broken and one.effect.kind == "keeps" else one.effect.kind,
        rows=count.rows,
        own=count.own,
        unknown=count.unknown,
        broken=broken,
        sample=sample_of(connection, one.goes.table)
        if one.goes and count.own and not one.goes.column
        else (),
    )


def _inverted(
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
            found[key] = undoing(migration, state)
        elif (migration.app_label, migration.name) in loader.applied_migrations:
            migration.mutate_state(state, preserve=False)
    return state, found


def undoing(migration: Migration, state: ProjectState) -> Migration:
    """Return the migration that undoes another.

    Args:
        migration: The other.
        state: The models as they were before it; they are afterwards as they were after it.
    """
    found = Migration(migration.name, migration.app_label)
    for one in migration.operations:
        found.operations = [*inverse(one, migration.app_label, state), *found.operations]
        one.state_forwards(migration.app_label, state)
    return found


def _read(
    walk: Walk, plan: Sequence[Migration], known: Mapping[str, str]
) -> tuple[list[_Seen], list[Work]]:
    """Go back through the plan once; return its effects, and what it has to do."""
    seen, work = [], []
    code: list[tuple[str, str | None]] = []
    for number, migration in enumerate(plan):
        key = f"{migration.app_label}.{migration.name}"
        for one, place in walk.steps(migration):
            undone = type(one.undone).__name__
            for each in _effects(one, place, walk, migration, Effect("keeps", key, undone)):
                seen.append(each)
                if each.effect.kind == "runs code":
                    work.append(Work("code", key, undone, each.effect.table))
            if isinstance(one, (RunPython, RunSQL)):
                code.append((key, known[key] if key in known else undoing_text(one, forward=False)))
            if place:
                after = (key for key, text in code if names(text, place.model, place.table))
                before = {"after": tuple(dict.fromkeys(after)), "number": number}
                seen[-1].demands = [
                    replace(demand, migration=key, operation=undone, **before)
                    for demand in demands_of(one, walk, place)
                    if demand.kind != GOES
                ]
                work += [
                    Work(kind, key, undone, place.table) for kind in kinds_of(one, walk, place)
                ]
    return seen, work


def _effects(
    one: Operation, place: Place | None, walk: Walk, migration: Migration, plain: Effect
) -> Iterator[_Seen]:
    """Yield what an operation that undoes another does to tables; at least one effect."""
    if isinstance(one, (Irreversible, Opaque)) and not one.reversible:
        yield _Seen(replace(plain, kind="irreversible"))
    elif isinstance(one, StateOnly):
        yield _Seen(_of_the_state(one, walk, migration, plain))
    elif isinstance(one, Opaque):
        yield _Seen(replace(plain, kind="runs code", table=place.table if place else ""))
    elif isinstance(one, (RunPython, RunSQL)):
        yield from _of_code(one, walk, plain)
    elif isinstance(one, CreateModel):
        kind = "returns empty" if has_table(one.options) else "keeps"
        name = own_table(migration.app_label, one.name_lower, one.options)
        yield _Seen(replace(plain, kind=kind, table=name))
    elif place is None:
        yield _Seen(plain)
    elif isinstance(one, (DeleteModel, RemoveField)):
        yield from (_Seen(*each) for each in that_go(one, place, walk, plain))
    elif isinstance(one, AddField):
        yield _Seen(_that_returns(one, place, plain))
    else:
        yield _Seen(replace(plain, table=place.table))


def _of_the_state(one: StateOnly, walk: Walk, migration: Migration, plain: Effect) -> Effect:
    """Return what stays in the database: the name of an index that had none of its own."""
    if not isinstance(one.undone, RenameIndex):
        return plain
    table = walk.table_of(migration.app_label, one.undone.model_name_lower)
    return replace(plain, table=table or "", index=one.undone.new_name)


def that_go(
    one: DeleteModel | RemoveField, place: Place, walk: Walk, plain: Effect
) -> Iterator[tuple[Effect, Goes | None]]:
    """Yield what goes: a column, or a table with those of its relations to many.

    Args:
        one: The operation that takes it away.
        place: Of the model.
        walk: The models before the operation.
        plain: What is told where nothing goes.
    """
    fields = walk.before(place).fields
    if isinstance(one, RemoveField):
        if column := walk.column(place, one.name):
            effect = replace(plain, kind="drops", table=place.table, column=column)
            yield effect, Goes(place.table, column, fields[one.name])
        elif table := walk.many(place, one.name):
            yield replace(plain, kind="drops", table=table), Goes(table)
        else:
            yield plain, None
        return
    tables = [place.table, *(walk.many(place, name) for name in fields)]
    for table in filter(None, tables):
        yield replace(plain, kind="drops", table=table), Goes(table)


def _that_returns(one: AddField, place: Place, plain: Effect) -> Effect:
    new = one.field
    if not new.many_to_many:
        column = column_of(one.name, new)
        return replace(plain, kind="returns empty", table=place.table, column=column)
    if new.remote_field.through is not None:
        return plain  # a model of its own
    return replace(plain, kind="returns empty", table=many_table(place, one.name, new))


def _of_code(one: RunPython | RunSQL, walk: Walk, plain: Effect) -> Iterator[_Seen]:
    """Yield the tables that code names, or one effect without a table."""
    forward, back = undoing_text(one, forward=True), undoing_text(one, forward=False)
    if forward == back == "":
        yield _Seen(plain)
        return
    kind: Kind = "does nothing" if back == "" else "runs code"
    tables = dict.fromkeys(walk.table_of(*model) for model in models_in(back or forward))
    for table in [one for one in tables if one] or [""]:
        yield _Seen(replace(plain, kind=kind, table=table), Goes(table) if table else None)
