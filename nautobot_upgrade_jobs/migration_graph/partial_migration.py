"""How far a migration has come that is not recorded: told from the schema, operation by operation.

On MySQL every operation is final at once, so a migration that failed in the middle stays half
there, and is not recorded. The same is left by a restore that was cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..facts.expected_schema import ExpectedTable
from ..facts.migrations import Migration, Operation
from .history import History
from .schema_diff import LiveTable, SchemaDifference


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

    def explains(self, one: SchemaDifference) -> bool:
        """Tell whether a difference of the schema is what this migration has done of its own."""
        altered = {
            name
            for change in self.migration.changes
            for name in change.removeprefix("-").split(">")
        }
        field = one.subject.removesuffix("_id")
        names = {one.table, f"{one.table}.", f"{one.table}.{one.subject}", f"{one.table}.{field}"}
        return bool(names & altered)


def begun(
    history: History, live: Mapping[str, LiveTable], expected: Mapping[str, ExpectedTable]
) -> tuple[Progress, ...]:
    """Return the migrations that could run next and have begun, by key.

    Args:
        history: What is recorded.
        live: The schema.
        expected: The schema that what is recorded should have made: what of it is missing may have
            been removed.
    """
    found = []
    for key in history.unapplied:
        migration = history.active[key]
        if not set(migration.dependencies) & set(history.active) <= history.applied:
            continue
        states = [is_done(one, live, expected) for one in migration.operations]
        done = tuple(place for place, state in enumerate(states) if state is True)
        left = tuple(place for place, state in enumerate(states) if state is False)
        if done and (not left or done[0] < left[0]):
            found.append(Progress(migration, done, left))
    return tuple(found)


def is_done(
    one: Operation, live: Mapping[str, LiveTable], expected: Mapping[str, ExpectedTable]
) -> bool | None:
    """Tell whether the schema has an operation's outcome; None if that cannot be told."""
    states = [_is_done(one, change, live, expected) for change in one.changes]
    if not states or None in states:
        return None
    return all(states)


def _is_done(
    one: Operation,
    change: str,
    live: Mapping[str, LiveTable],
    expected: Mapping[str, ExpectedTable],
) -> bool | None:
    if ">" in change:
        was, _, now = change.partition(">")
        if _exists(now, live):
            return not _exists(was, live)
        return False if _exists(was, live) else None
    if change.startswith("-"):
        if _exists(change[1:], live):
            return False
        return True if _was_there(change[1:], expected) else None
    table, dot, field = change.partition(".")
    if not dot or one.kind == "AddField":
        return _exists(change, live)
    if field or not one.name or table not in live:
        return None
    has = any(key.name == one.name for key in live[table].keys)
    return {"Add": has, "Rem": not has}.get(one.kind[:3])


def _was_there(name: str, expected: Mapping[str, ExpectedTable]) -> bool:
    table, dot, field = name.partition(".")
    if table not in expected:
        return False
    columns = {column.name for column in expected[table].columns}
    return not dot or bool({field, f"{field}_id"} & columns)


def _exists(name: str, live: Mapping[str, LiveTable]) -> bool:
    table, dot, field = name.partition(".")
    if table not in live:
        return False
    return not dot or bool({field, f"{field}_id"} & set(live[table].columns))
