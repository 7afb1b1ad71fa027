"""The migration history: what is on disk beside what is recorded.

Django's loader answers these questions too, but raises at the first problem and needs the live
database; here they are answered from facts, all at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ..facts import Migrations
from ..facts.migrations import Migration

FORMER_LABELS = frozenset({"default", "social_auth"})
"""Labels under which ``social_django`` recorded its migrations; releases since 3.1 no longer bring
the files that replace them."""


class History:
    """Questions to the two sides of a migration history."""

    def __init__(self, migrations: Migrations) -> None:
        self._labels = frozenset(migrations.app_labels)
        self._recorded = frozenset(migrations.recorded)
        self._on_disk = {migration.key: migration for migration in migrations.on_disk}

    @cached_property
    def applied(self) -> frozenset[str]:
        """Migrations on disk that count as applied.

        Of a squashed migration only what it replaces counts, as in Django's loader: it is applied
        if all of that is recorded, whatever its own record says.
        """
        applied = self._recorded & set(self._on_disk)
        for migration in self._squashed():
            if set(migration.replaces) <= self._recorded:
                applied |= {migration.key}
            else:
                applied -= {migration.key}
        return frozenset(applied)

    @cached_property
    def _half_replaced(self) -> frozenset[str]:
        """Squashed migrations that step back because part of what they replace is recorded."""
        return frozenset(
            migration.key
            for migration in self._squashed()
            if migration.key not in self.applied and self._recorded & set(migration.replaces)
        )

    @cached_property
    def active(self) -> dict[str, Migration]:
        """Migrations that Django would put into its graph: of a squash, one side only."""
        gone = set(self._half_replaced)
        for migration in self._squashed():
            if migration.key not in self._half_replaced:
                gone |= set(migration.replaces)
        return {key: migration for key, migration in self._on_disk.items() if key not in gone}

    @property
    def files(self) -> Mapping[str, Migration]:
        """All migrations on disk, those that a squash replaces included."""
        return self._on_disk

    @property
    def unapplied(self) -> tuple[str, ...]:
        """Migrations on disk that are still to run, by key."""
        return tuple(sorted(set(self.active) - self.applied))

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """What each active migration directly builds on, as in Django's graph."""
        return {
            key: sorted({*self._parents(migration)} & set(self.active))
            for key, migration in self.active.items()
        }

    @cached_property
    def plan(self) -> tuple[str, ...]:
        """The migrations that are still to run, in the order in which ``migrate`` runs them.

        Source: ``MigrationExecutor.migration_plan`` of Django.
        """
        ordered = depth_first(self._leaves, self.parents)
        return tuple(key for key in ordered if key not in self.applied)

    @property
    def dangling(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a migration and a dependency of it that nothing stands for."""
        squashed = (one for one in self._squashed() if one.key in self.active)
        known = {*self._on_disk, *(key for one in squashed for key in one.replaces)}
        return tuple(
            (key, parent)
            for key, migration in sorted(self.active.items())
            for parent in migration.dependencies
            if parent not in known
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Recorded migrations of enabled Apps that no file stands for."""
        return tuple(key for key in self._without_file if key.partition(".")[0] in self._labels)

    @property
    def abandoned(self) -> dict[str, int]:
        """Labels that have recorded migrations but are not enabled, with how many."""
        labels = [key.partition(".")[0] for key in self._without_file]
        enabled = self._labels | FORMER_LABELS
        return dict(Counter(label for label in labels if label not in enabled))

    @property
    def _without_file(self) -> list[str]:
        """Recorded migrations that are neither on disk nor replaced by one that is.

        A squash may replace migrations of another label, as those of python-social-auth do.
        """
        replaced = {key for migration in self._on_disk.values() for key in migration.replaces}
        return sorted(self._recorded - set(self._on_disk) - replaced)

    @property
    def inconsistencies(self) -> tuple[tuple[str, str], ...]:
        """Pairs of an applied migration and a dependency of it that is not applied."""
        pairs = {
            (key, parent)
            for key, migration in self.active.items()
            if key in self.applied
            for parent in migration.dependencies
            if parent in self._on_disk and parent not in self.applied
        }
        return tuple(sorted(pairs))

    def has_applied_children(self, key: str) -> bool:
        """Tell whether a later migration that builds on this one is applied."""
        return any(
            key in self.active[child].dependencies for child in self.applied & set(self.active)
        )

    @property
    def conflicts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Apps with more than one leaf node, and these leaf nodes."""
        leaves: dict[str, list[str]] = defaultdict(list)
        for key in self._leaves:
            leaves[self.active[key].app_label].append(key)
        return tuple((app, tuple(keys)) for app, keys in sorted(leaves.items()) if len(keys) > 1)

    @property
    def _leaves(self) -> list[str]:
        """Migrations that no other one of the same App builds on."""
        parents = {
            (migration.app_label, parent)
            for migration in self.active.values()
            for parent in self._parents(migration)
        }
        return [
            key
            for key, migration in sorted(self.active.items())
            if (migration.app_label, key) not in parents
        ]

    def _squashed(self) -> list[Migration]:
        return [migration for migration in self._on_disk.values() if migration.replaces]

    def _parents(self, migration: Migration) -> Iterator[str]:
        """Yield what a migration depends on, with what stands for it in Django's graph.

        For one that a squash replaced, the squash; for a squash that steps back, the last of what
        it replaces.
        """
        for key in migration.dependencies:
            if key in self._half_replaced:
                members = [one for one in self._on_disk[key].replaces if one in self._on_disk]
                inner = {parent for one in members for parent in self._on_disk[one].dependencies}
                yield from (one for one in members if one not in inner)
            else:
                yield self._stand_in(key)

    def _stand_in(self, key: str) -> str:
        """Return the squashed migration that took the place of a replaced one."""
        for migration in self._squashed():
            if key in migration.replaces and migration.key in self.active:
                return migration.key
        return key


def depth_first(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return what can be reached, the farthest first: ``MigrationGraph.iterative_dfs`` of Django.

    Args:
        starts: Where to go from, one after the other.
        edges: Where each leads, in alphabetical order.
    """
    ordered: dict[str, None] = {}
    for start in starts:
        stack = [(start, False)]
        while stack:
            key, is_ready = stack.pop()
            if key in ordered:
                continue
            if is_ready:
                ordered[key] = None
            else:
                stack += [(key, True), *((one, False) for one in edges.get(key, ()))]
    return tuple(ordered)
