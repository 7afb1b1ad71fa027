"""How far a migration has come that is not recorded: told from the schema, operation by operation.

On MySQL every operation is final at once, so a migration that failed in the middle stays half
there, and is not recorded. The same is left by a restore that was cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..facts.migrations import Migration, Operation
from .history import History
from .structure import LiveTable


@dataclass(frozen=True)
class Progress:
    """A migration that is not recorded although the schema has some of it."""

    migration: Migration
    done: tuple[int, ...]
    """Places of the operations that the schema has."""
    left: tuple[int, ...]
    """Places of those that it does not have; empty if only the record is missing."""

    @property
    def unseen(self) -> int:
        """How many operations leave nothing in the schema to tell them by, such as RunPython."""
        return len(self.migration.operations) - len(self.done) - len(self.left)


def begun(history: History, live: Mapping[str, LiveTable]) -> tuple[Progress, ...]:
    """Return the migrations that could run next and have begun, by key."""
    found = []
    for key in history.unapplied:
        migration = history.active[key]
        if not set(migration.dependencies) & set(history.active) <= history.applied:
            continue
        states = [is_done(one, live) for one in migration.operations]
        done = tuple(place for place, state in enumerate(states) if state is True)
        left = tuple(place for place, state in enumerate(states) if state is False)
        # What is to be removed may be missing because it is still to be made, further up.
        if done and (not left or done[0] < left[0]):
            found.append(Progress(migration, done, left))
    return tuple(found)


def is_done(one: Operation, live: Mapping[str, LiveTable]) -> bool | None:
    """Tell whether the schema has an operation's outcome; None if that cannot be told."""
    tables = [change for change in one.changes if "." not in change and ">" not in change]
    own_table = one.kind == "AddField" and tables
    states = [_is_done(one, change, live) for change in (tables if own_table else one.changes)]
    if not states or None in states:
        return None
    return all(states)


def _is_done(one: Operation, change: str, live: Mapping[str, LiveTable]) -> bool | None:
    if ">" in change:
        was, _, now = change.partition(">")
        if _exists(now, live):
            return not _exists(was, live)
        return False if _exists(was, live) else None
    table, dot, field = change.removeprefix("-").partition(".")
    if change.startswith("-"):
        return None if dot and table not in live else not _exists(change[1:], live)
    if not dot or one.kind == "AddField":
        return _exists(change, live)
    if field or not one.name or table not in live:
        return None
    has = any(key.name == one.name for key in live[table].keys)
    return {"Add": has, "Rem": not has}.get(one.kind[:3])


def _exists(name: str, live: Mapping[str, LiveTable]) -> bool:
    table, dot, field = name.partition(".")
    if table not in live:
        return False
    return not dot or bool({field, f"{field}_id"} & set(live[table].columns))
