"""Compare migration files with recorded migrations.

Django's loader also does this, but it raises at the first problem and needs a database connection.
This module works on facts and reports all problems.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ..facts import Migrations
from ..facts.migrations import Migration

FORMER_LABELS = frozenset({"database", "default", "django_rq", "social_auth"})
"""Labels that dependencies of older releases of Nautobot recorded. Their records stay.

``default`` and ``social_auth`` were those of ``social_django``, ``database`` was that of
``constance``, and Nautobot 1.x used ``django_rq``."""


class MigrationHistory:
    """The migration files and the recorded migrations."""

    def __init__(self, migrations: Migrations) -> None:
        self._labels = frozenset(migrations.app_labels)
        self._recorded = frozenset(migrations.recorded)
        self._on_disk = {migration.key: migration for migration in migrations.on_disk}

    @cached_property
    def applied(self) -> frozenset[str]:
        """Migrations on disk that count as applied.

        A squashed migration is applied if all replaced migrations are recorded. As in Django's
        loader, its own record does not matter.
        """
        applied = self._recorded & set(self._on_disk)
        for migration in self._squashed():
            if set(migration.replaces) <= self._recorded:
                applied |= {migration.key}
            else:
                applied -= {migration.key}
        return frozenset(applied)

    @cached_property
    def _partially_replaced(self) -> frozenset[str]:
        """Squashed migrations that Django ignores: only some replaced migrations are recorded."""
        return frozenset(
            migration.key
            for migration in self._squashed()
            if migration.key not in self.applied and self._recorded & set(migration.replaces)
        )

    @cached_property
    def effective(self) -> dict[str, Migration]:
        """Migrations in Django's graph, by key.

        If only some of the migrations that a squashed migration replaces are recorded, the graph
        contains the replaced migrations. Otherwise it contains the squashed migration.
        """
        ignored = set(self._partially_replaced)
        for migration in self._squashed():
            if migration.key not in self._partially_replaced:
                ignored |= set(migration.replaces)
        return {key: migration for key, migration in self._on_disk.items() if key not in ignored}

    @property
    def files(self) -> Mapping[str, Migration]:
        """All migrations on disk, including replaced ones."""
        return self._on_disk

    @property
    def unapplied(self) -> tuple[str, ...]:
        """Keys of the migrations on disk that are not applied."""
        return tuple(sorted(set(self.effective) - self.applied))

    @cached_property
    def parents(self) -> dict[str, list[str]]:
        """Direct dependencies of each effective migration, as in Django's graph."""
        return {
            key: sorted({*self._graph_dependencies(migration)} & set(self.effective))
            for key, migration in self.effective.items()
        }

    @cached_property
    def plan(self) -> tuple[str, ...]:
        """The unapplied migrations, in the order of ``migrate``.

        Source: ``MigrationExecutor.migration_plan`` of Django.
        """
        ordered = iterative_dfs(self._leaves, self.parents)
        return tuple(key for key in ordered if key not in self.applied)

    @property
    def missing_dependencies(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a migration and a dependency that no file provides."""
        squashed = (each for each in self._squashed() if each.key in self.effective)
        known = {*self._on_disk, *(key for each in squashed for key in each.replaces)}
        return tuple(
            (key, parent)
            for key, migration in sorted(self.effective.items())
            for parent in migration.dependencies
            if parent not in known
        )

    @property
    def recorded_without_file(self) -> tuple[str, ...]:
        """Recorded migrations of enabled Apps without a file."""
        return tuple(
            key
            for key in self._recorded_without_replacement
            if key.partition(".")[0] in self._labels
        )

    @property
    def recorded_for_disabled_apps(self) -> dict[str, int]:
        """Number of recorded migrations of each label that is not enabled."""
        labels = [key.partition(".")[0] for key in self._recorded_without_replacement]
        enabled = self._labels | FORMER_LABELS
        return dict(Counter(label for label in labels if label not in enabled))

    @property
    def _recorded_without_replacement(self) -> list[str]:
        """Recorded migrations that are not on disk and that no migration on disk replaces.

        A squashed migration may replace migrations of another label, as in python-social-auth.
        """
        replaced = {key for migration in self._on_disk.values() for key in migration.replaces}
        return sorted(self._recorded - set(self._on_disk) - replaced)

    @property
    def inconsistencies(self) -> tuple[tuple[str, str], ...]:
        """Pairs of an applied migration and an unapplied dependency."""
        pairs = {
            (key, parent)
            for key, migration in self.effective.items()
            if key in self.applied
            for parent in migration.dependencies
            if parent in self._on_disk and parent not in self.applied
        }
        return tuple(sorted(pairs))

    def has_applied_children(self, key: str) -> bool:
        """Return whether a migration that depends on this one is applied."""
        return any(
            key in self.effective[child].dependencies
            for child in self.applied & set(self.effective)
        )

    @property
    def conflicts(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Apps with more than one leaf node, and these leaf nodes."""
        leaves: dict[str, list[str]] = defaultdict(list)
        for key in self._leaves:
            leaves[self.effective[key].app_label].append(key)
        return tuple((app, tuple(keys)) for app, keys in sorted(leaves.items()) if len(keys) > 1)

    @property
    def _leaves(self) -> list[str]:
        """Migrations on which no other migration of the same App depends."""
        parents = {
            (migration.app_label, parent)
            for migration in self.effective.values()
            for parent in self._graph_dependencies(migration)
        }
        return [
            key
            for key, migration in sorted(self.effective.items())
            if (migration.app_label, key) not in parents
        ]

    def _squashed(self) -> list[Migration]:
        return [migration for migration in self._on_disk.values() if migration.replaces]

    def _graph_dependencies(self, migration: Migration) -> Iterator[str]:
        """Yield the dependencies of a migration in Django's graph.

        A squashed migration takes the place of the migrations that it replaces. If Django ignores
        a squashed migration, the last of the replaced migrations take its place.
        """
        for key in migration.dependencies:
            if key in self._partially_replaced:
                members = [each for each in self._on_disk[key].replaces if each in self._on_disk]
                inner = {parent for each in members for parent in self._on_disk[each].dependencies}
                yield from (each for each in members if each not in inner)
            else:
                yield self._replacement(key)

    def _replacement(self, key: str) -> str:
        """Return the squashed migration that replaces a migration, or the migration itself."""
        for migration in self._squashed():
            if key in migration.replaces and migration.key in self.effective:
                return migration.key
        return key


def iterative_dfs(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the reachable nodes, farthest first, in the order of ``MigrationGraph.iterative_dfs``.

    Args:
        starts: The start nodes, in order.
        edges: The adjacent nodes of each node, in alphabetical order.
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
                stack += [(key, True), *((adjacent, False) for adjacent in edges.get(key, ()))]
    return tuple(ordered)
