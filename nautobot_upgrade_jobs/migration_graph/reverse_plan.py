"""Plan the minimal ``migrate`` calls that reverse migrations, in Django's order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ..facts import Migrations
from .history import MigrationHistory, iterative_dfs

ZERO = "zero"
"""Name that ``migrate`` uses for the state before the first migration of an App."""


@dataclass(frozen=True)
class MigrateCall:
    """One ``nautobot-server migrate APP TARGET``."""

    app: str
    target: str
    """Name of the last migration that stays applied; ``zero`` if no migration stays applied."""
    migrations: tuple[str, ...]
    """Keys of the migrations that the call reverses, of all Apps, in Django's order."""


@dataclass(frozen=True)
class ReversePlan:
    """The migrations to reverse, and the calls that reverse them."""

    calls: tuple[MigrateCall, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Migrations that ``migrate`` reverses only together with a migration that must stay
    applied."""
    without_code: tuple[str, ...] = ()
    """Migrations to reverse that are not on disk. Only their own code can reverse them."""
    not_applied: tuple[str, ...] = ()
    """Migrations that were applied in the earlier state and are not applied now. They would have to
    be applied again."""

    @property
    def migrations(self) -> tuple[str, ...]:
        """All reversed migrations, in order."""
        return tuple(key for call in self.calls for key in call.migrations)


def plan_reverse(current: Migrations, recorded_before: Collection[str]) -> ReversePlan:
    """Plan ``migrate`` calls, none redundant, that reverse all migrations since an earlier state.

    Args:
        current: Migration files and records of the current state. Its code reverses the migrations.
        recorded_before: Keys that were recorded in the earlier state.
    """
    history = MigrationHistory(current)
    keep = MigrationHistory(replace(current, recorded=tuple(recorded_before))).applied
    surplus = history.applied & set(history.effective) - keep
    # Django reverses a squashed migration as a whole, but a part of these has to stay applied.
    split = {key for key in surplus if keep & set(history.files[key].replaces)}
    surplus -= split
    graph = _AppliedGraph(history, surplus)
    candidates = dict(graph.candidates())
    calls = tuple(graph.ordered_calls(_minimal_calls(candidates, surplus)))
    reachable = {key for call in calls for key in call.migrations}
    replaced = {key for migration in current.on_disk for key in migration.replaces}
    without_code = {*current.recorded} - {*recorded_before} - set(history.files) - replaced
    return ReversePlan(
        calls,
        unreachable=tuple(sorted(split | surplus - reachable)),
        without_code=tuple(sorted(without_code)),
        not_applied=tuple(sorted(keep - history.applied)),
    )


def recorded_after_reverse(current: Migrations, app: str, name: str) -> frozenset[str]:
    """Return the keys of the recorded migrations after ``migrate APP NAME``.

    Args:
        current: Migration files and records of the current state.
        app: The label of the App.
        name: A migration of the App, or ``zero``.

    Raises:
        KeyError: The App has no such migration, or the migration is not applied.
    """
    history = MigrationHistory(current)
    if name != ZERO and f"{app}.{name}" not in history.applied & set(history.effective):
        raise KeyError(f"{app}.{name}")
    if name == ZERO and app not in {migration.app_label for migration in current.on_disk}:
        raise KeyError(app)
    removed = set(_AppliedGraph(history, frozenset()).reversed_by(app, name))
    replaced = {member for key in removed for member in history.files[key].replaces}
    return frozenset(current.recorded) - removed - replaced


class _AppliedGraph:
    """The migrations with their children, and which of them are applied."""

    def __init__(self, history: MigrationHistory, surplus: frozenset[str]) -> None:
        self._history = history
        self._surplus = surplus
        children: dict[str, list[str]] = defaultdict(list)
        for key, parents in history.parents.items():
            for parent in parents:
                children[parent].append(key)
        self._children = {key: sorted(keys) for key, keys in children.items()}

    def reversed_by(self, app: str, target: str) -> Iterator[str]:
        """Yield the keys that ``migrate APP TARGET`` reverses, as ``migration_plan`` does."""
        if target == ZERO:
            starts = sorted(
                key
                for key, parents in self._history.parents.items()
                if _app_label(key) == app
                and not any(_app_label(parent) == app for parent in parents)
            )
        else:
            children = self._children.get(f"{app}.{target}", ())
            starts = [key for key in children if _app_label(key) == app]
        yield from (
            key for key in iterative_dfs(starts, self._children) if key in self._history.applied
        )

    def candidates(self) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
        """Yield the calls that reverse only migrations to reverse, each with these migrations."""
        for key in sorted(self._surplus):
            app = _app_label(key)
            parents = [each for each in self._history.parents[key] if _app_label(each) == app]
            kept = [_migration_name(each) for each in parents if each not in self._surplus]
            for target in kept or ([] if parents else [ZERO]):
                migrations = frozenset(self.reversed_by(app, target))
                if migrations <= self._surplus:
                    yield (app, target), migrations

    def ordered_calls(self, calls: Iterable[tuple[str, str]]) -> Iterator[MigrateCall]:
        """Yield the calls, each with the migrations that no earlier call reversed."""
        done: set[str] = set()
        for app, target in calls:
            migrations = tuple(key for key in self.reversed_by(app, target) if key not in done)
            done.update(migrations)
            yield MigrateCall(app, target, migrations)


def _minimal_calls(
    candidates: dict[tuple[str, str], frozenset[str]], wanted: frozenset[str]
) -> list[tuple[str, str]]:
    """Return a minimal list of calls that together reverse all reachable migrations.

    The search starts with all candidates. It drops each call whose migrations the other calls
    reverse, and tries calls with few migrations first.
    """
    chosen = dict(candidates)
    for call in sorted(candidates, key=lambda each: (len(candidates[each]), each)):
        others = frozenset().union(*(keys for each, keys in chosen.items() if each != call))
        if chosen[call] & wanted <= others:
            del chosen[call]
    return sorted(chosen, key=lambda each: (-len(chosen[each]), each))


def _app_label(key: str) -> str:
    return key.partition(".")[0]


def _migration_name(key: str) -> str:
    return key.partition(".")[2]
