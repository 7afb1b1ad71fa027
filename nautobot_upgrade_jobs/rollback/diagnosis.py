"""How far an upgrade has come: what a way back starts from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from ..common.text import plural
from ..facts import Migrations
from ..migration_graph.history import History
from ..migration_graph.partial_migration import Progress
from ..migration_graph.reverse_plan import WayBack

COSMETIC = frozenset({"post_upgrade.expired_sessions", "post_upgrade.outdated_static_files"})
"""Checks of steps whose lack stops nobody. Static files may differ for ever: ``collectstatic``
keeps a file that looks newer, and an installer may give packages the times of their making."""


class Stage(str, Enum):
    """Where the database stands between the state to go back to and the installed code."""

    NOTHING = "nothing committed"
    SOME = "some migrations committed"
    HALF = "one migration half applied"
    UNFINISHED = "all migrations committed, steps after them left"
    COMPLETE = "complete"
    AHEAD = "still to come"
    OLD_CODE = "newer migrations than the installed code has"


@dataclass(frozen=True)
class Diagnosis:
    """A stage, and what it is told by."""

    stage: Stage
    committed: int
    """Migrations since the state to go back to, as recorded."""
    pending: tuple[str, ...]
    """Migrations of the installed code that are still to run, in order."""
    half: tuple[str, ...] = ()
    """Migrations that have begun and are not recorded."""
    left: tuple[str, ...] = ()
    """Checks of the steps after ``migrate`` that found something."""

    @property
    def works(self) -> bool:
        """Whether nothing is left but what no upgrade is called failed for."""
        return set(self.left) <= COSMETIC

    @property
    def story(self) -> str:
        """The diagnosis as a sentence."""
        committed, pending = _migrations(self.committed), len(self.pending)
        return {
            Stage.NOTHING: "No migration has been committed since: the database is as it was.",
            Stage.SOME: f"The upgrade has stopped in the middle: {committed} committed, {pending} "
            f"{'is' if pending == 1 else 'are'} not.",
            Stage.HALF: f"The upgrade has stopped inside of {', '.join(self.half)}: the schema has "
            f"part of it. Before it, {committed} committed.",
            Stage.UNFINISHED: f"In all {committed} committed; steps after them are left: "
            f"{', '.join(self.left)}.",
            Stage.COMPLETE: f"The upgrade is complete: {committed} committed.",
            Stage.AHEAD: "Until migrate has begun, the old packages alone lead back. Afterwards "
            f"{committed} committed, and these are the ways.",
            Stage.OLD_CODE: "The database has migrations that the installed code does not know: "
            "it belongs to a newer release, whose code alone can undo them.",
        }[self.stage]


def diagnose(
    migrations: Migrations, way: WayBack, half: Collection[Progress], left: Collection[str]
) -> Diagnosis:
    """Tell how far the upgrade has come.

    Args:
        migrations: Both sides of the history.
        way: What lies between the state to go back to and the present one.
        half: Migrations that have begun and are not recorded.
        left: Ids of checks that found a step after ``migrate`` left undone.
    """
    pending = History(migrations).plan
    committed = len(way.undoes) + len(way.unreachable) + len(way.without_code)
    names = tuple(one.migration.key for one in half)
    stage = _stage(way, committed, pending, names, left)
    return Diagnosis(stage, committed, pending, names, tuple(sorted(left)))


def _stage(
    way: WayBack,
    committed: int,
    pending: Collection[str],
    half: Collection[str],
    left: Collection[str],
) -> Stage:
    if half:
        return Stage.HALF
    if way.without_code:
        return Stage.OLD_CODE
    if not committed:
        return Stage.NOTHING
    if pending:
        return Stage.SOME
    return Stage.UNFINISHED if left else Stage.COMPLETE


def _migrations(number: int) -> str:
    return f"{plural(number, 'migration')} {'is' if number == 1 else 'are'}"
