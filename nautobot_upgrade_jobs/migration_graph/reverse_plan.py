"""The way back through the migration graph, by the fewest commands, as Django goes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ..facts import Migrations
from .history import History, depth_first

ZERO = "zero"
"""What ``migrate`` calls the state before the first migration of an App."""


@dataclass(frozen=True)
class Call:
    """One ``nautobot-server migrate APP TARGET``."""

    app: str
    target: str
    """Name of the migration that is the last one to stay; ``zero`` if none does."""
    undoes: tuple[str, ...]
    """Keys of the migrations, of this and other Apps, in the order in which Django undoes them."""


@dataclass(frozen=True)
class WayBack:
    """What has to be undone, and how."""

    calls: tuple[Call, ...] = ()
    unreachable: tuple[str, ...] = ()
    """Migrations that ``migrate`` cannot undo without undoing one that has to stay."""
    without_code: tuple[str, ...] = ()
    """Migrations that have to be undone, and are not on disk: only their own code knows how."""
    not_there: tuple[str, ...] = ()
    """Migrations that were applied then and are not now: they would have to be applied again."""

    @property
    def undoes(self) -> tuple[str, ...]:
        """All that is undone, in order."""
        return tuple(key for call in self.calls for key in call.undoes)


def way_back(now: Migrations, then: Collection[str]) -> WayBack:
    """Find the fewest calls that undo what was not applied then, and nothing else.

    Args:
        now: Both sides of the history, with the code that is to undo it.
        then: Keys that were recorded in the state to go back to.
    """
    history = History(now)
    keep = History(replace(now, recorded=tuple(then))).applied
    surplus = history.applied & set(history.active) - keep
    # A squashed migration is undone as a whole; here part of it has to stay.
    split = {key for key in surplus if keep & set(history.files[key].replaces)}
    surplus -= split
    graph = _Graph(history, surplus)
    candidates = dict(graph.candidates())
    calls = tuple(graph.in_turn(_fewest(candidates, surplus)))
    done = {key for call in calls for key in call.undoes}
    named = {key for one in now.on_disk for key in one.replaces}
    return WayBack(
        calls,
        unreachable=tuple(sorted(split | surplus - done)),
        without_code=tuple(sorted({*now.recorded} - {*then} - set(history.files) - named)),
        not_there=tuple(sorted(keep - history.applied)),
    )


def before(now: Migrations, app: str, name: str) -> frozenset[str]:
    """Return what would stay recorded if an App went back to a migration of it, or to ``zero``.

    Raises:
        KeyError: The App has no such migration, or it is not applied.
    """
    history = History(now)
    if name != ZERO and f"{app}.{name}" not in history.applied & set(history.active):
        raise KeyError(f"{app}.{name}")
    if name == ZERO and app not in {one.app_label for one in now.on_disk}:
        raise KeyError(app)
    undone = set(_Graph(history, frozenset()).undone(app, name))
    replaced = {one for key in undone for one in history.files[key].replaces}
    return frozenset(now.recorded) - undone - replaced


class _Graph:
    """The migrations that are applied, and what builds on each."""

    def __init__(self, history: History, surplus: frozenset[str]) -> None:
        self._history = history
        self._surplus = surplus
        children: dict[str, list[str]] = defaultdict(list)
        for key, parents in history.parents.items():
            for parent in parents:
                children[parent].append(key)
        self._children = {key: sorted(found) for key, found in children.items()}

    def undone(self, app: str, target: str) -> Iterator[str]:
        """Yield what a call undoes, in Django's order: ``MigrationExecutor.migration_plan``."""
        if target == ZERO:
            starts = sorted(
                key
                for key, parents in self._history.parents.items()
                if _app(key) == app and not any(_app(parent) == app for parent in parents)
            )
        else:
            nexts = self._children.get(f"{app}.{target}", ())
            starts = [key for key in nexts if _app(key) == app]
        yield from (
            key for key in depth_first(starts, self._children) if key in self._history.applied
        )

    def candidates(self) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
        """Yield calls that undo something and nothing that has to stay, with what they undo."""
        for key in sorted(self._surplus):
            own = [one for one in self._history.parents[key] if _app(one) == _app(key)]
            stays = [one for one in own if one not in self._surplus]
            for target in [_name(one) for one in stays] or ([] if own else [ZERO]):
                undone = frozenset(self.undone(_app(key), target))
                if undone <= self._surplus:
                    yield (_app(key), target), undone

    def in_turn(self, calls: Iterable[tuple[str, str]]) -> Iterator[Call]:
        """Yield calls with what is left for each to undo."""
        done: set[str] = set()
        for app, target in calls:
            undoes = tuple(key for key in self.undone(app, target) if key not in done)
            done.update(undoes)
            yield Call(app, target, undoes)


def _fewest(
    candidates: dict[tuple[str, str], frozenset[str]], wanted: frozenset[str]
) -> list[tuple[str, str]]:
    """Choose calls that undo all that can be undone: those without which something would be left.

    Starting from all of them, one is left out as soon as the others do its work, small ones first.
    """
    chosen = dict(candidates)
    for call in sorted(candidates, key=lambda one: (len(candidates[one]), one)):
        others = frozenset().union(*(found for one, found in chosen.items() if one != call))
        if chosen[call] & wanted <= others:
            del chosen[call]
    return sorted(chosen, key=lambda one: (-len(chosen[one]), one))


def _app(key: str) -> str:
    return key.partition(".")[0]


def _name(key: str) -> str:
    return key.partition(".")[2]
