"""Find out how far an upgrade got. A rollback starts from this state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from ..common.text import plural
from ..facts import Migrations
from ..migration_graph.history import MigrationHistory
from ..migration_graph.partial_migration import PartialMigration
from ..migration_graph.reverse_plan import ReversePlan

NON_BLOCKING_CHECKS = frozenset(
    {"post_upgrade.expired_sessions", "post_upgrade.outdated_static_files"}
)
"""Checks of post-upgrade steps whose lack breaks nothing. Static files may differ, because
``collectstatic`` keeps a file that is newer than its source. An installer may give sources the time
at which the package was built."""


class UpgradeState(str, Enum):
    """How far an upgrade has changed the database."""

    NOT_STARTED = "not started"
    PARTIAL = "partial"
    HALF_MIGRATED = "half-migrated"
    POST_UPGRADE_PENDING = "post-upgrade steps pending"
    COMPLETE = "complete"
    PLANNED = "planned"
    DATABASE_AHEAD = "database ahead of the code"
    DATABASE_BEHIND = "database behind the previous state"


@dataclass(frozen=True)
class Diagnosis:
    """A state, and the evidence for it."""

    state: UpgradeState
    committed: int
    """Number of migrations that were recorded after the previous state."""
    pending: tuple[str, ...]
    """Migrations of the installed code that are not applied, in order."""
    partially_applied: tuple[str, ...] = ()
    """Migrations that have changed the schema but are not recorded."""
    failed_post_upgrade_checks: tuple[str, ...] = ()
    """Ids of the checks of post-upgrade steps that have findings."""

    @property
    def is_usable(self) -> bool:
        """Whether nothing is broken by the post-upgrade steps that are still pending."""
        return set(self.failed_post_upgrade_checks) <= NON_BLOCKING_CHECKS

    @property
    def summary(self) -> str:
        """The diagnosis in one or two sentences."""
        committed = _describe_count(self.committed)
        pending = f"{len(self.pending)} {'is' if len(self.pending) == 1 else 'are'}"
        return {
            UpgradeState.NOT_STARTED: "No migration has been committed. The database is unchanged.",
            UpgradeState.PARTIAL: f"The upgrade stopped half-way. {committed} committed, {pending} "
            "not.",
            UpgradeState.HALF_MIGRATED: "The upgrade stopped inside "
            f"{', '.join(self.partially_applied)}. The schema has a part of its changes. Before "
            f"that, {committed} committed.",
            UpgradeState.POST_UPGRADE_PENDING: f"{committed} committed. Steps after migrate are "
            f"pending: {', '.join(self.failed_post_upgrade_checks)}.",
            UpgradeState.COMPLETE: f"The upgrade is complete. {committed} committed.",
            UpgradeState.PLANNED: "Before migrate starts, reinstall the previous packages. After "
            f"that, {committed} committed, and these are the options.",
            UpgradeState.DATABASE_AHEAD: "The database has migrations that the installed code does "
            "not have. It belongs to a newer release, and only that release can reverse them.",
            UpgradeState.DATABASE_BEHIND: "Migrations that the previous state had are not recorded "
            "any more. The database is neither that of the previous release nor of the installed "
            "one.",
        }[self.state]


def diagnose(
    migrations: Migrations,
    reverse_plan: ReversePlan,
    partially_applied: Collection[PartialMigration],
    failed_checks: Collection[str],
) -> Diagnosis:
    """Determine how far the upgrade got.

    Args:
        migrations: Migrations on disk and in the database.
        reverse_plan: The migrations between the previous state and the current state.
        partially_applied: Migrations that have changed the schema but are not recorded.
        failed_checks: Ids of checks that found a pending post-upgrade step.
    """
    pending = MigrationHistory(migrations).plan
    committed = sum(
        map(len, (reverse_plan.migrations, reverse_plan.unreachable, reverse_plan.without_code))
    )
    names = tuple(partial.migration.key for partial in partially_applied)
    state = _determine_state(reverse_plan, committed, pending, names, failed_checks)
    return Diagnosis(state, committed, pending, names, tuple(sorted(failed_checks)))


def _determine_state(
    reverse_plan: ReversePlan,
    committed: int,
    pending: Collection[str],
    partially_applied: Collection[str],
    failed_checks: Collection[str],
) -> UpgradeState:
    if partially_applied:
        return UpgradeState.HALF_MIGRATED
    if reverse_plan.without_code:
        return UpgradeState.DATABASE_AHEAD
    if reverse_plan.not_applied and not committed:
        return UpgradeState.DATABASE_BEHIND
    if not committed:
        return UpgradeState.NOT_STARTED
    if pending:
        return UpgradeState.PARTIAL
    return UpgradeState.POST_UPGRADE_PENDING if failed_checks else UpgradeState.COMPLETE


def _describe_count(number: int) -> str:
    return f"{plural(number, 'migration')} {'is' if number == 1 else 'are'}"
