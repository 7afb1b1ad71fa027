"""Pending migrations, and the release that the database has before an upgrade."""

from __future__ import annotations

from dataclasses import replace

from ..catalog import Catalog
from ..catalog.target_release import BEFORE_FIRST_RELEASE, Target
from ..facts import Facts, Unavailable
from ..facts.trial_boot import TrialBoot
from ..migration_graph.history import MigrationHistory


def effective_source_release(
    facts: Facts, target: Target, catalog: Catalog | Unavailable
) -> Target:
    """Return the target with the release of the schema, if newer code is already installed.

    After the installation of new code and before ``migrate``, the rows are still those of the old
    release. The upgrade therefore starts at the old release.
    """
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return target
    if not set(MigrationHistory(facts.migrations).unapplied) & catalog.all_core_migrations:
        return target
    recorded = set(facts.migrations.recorded) - set(catalog.pre_release_names)
    releases = catalog.match_releases(recorded)
    return replace(target, schema_release=releases[-1] if releases else BEFORE_FIRST_RELEASE)


def has_pending_migrations(facts: Facts) -> bool:
    """Return whether the installed code has migrations that are not applied. False if unknown."""
    if isinstance(facts.migrations, Unavailable):
        return False
    return bool(MigrationHistory(facts.migrations).unapplied)


def pending_migrations(
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    trial_boot: TrialBoot | Unavailable,
) -> tuple[str, ...] | None:
    """Return the pending migrations. None if unknown.

    If the target was started, these are all pending migrations, in order. Otherwise, they are
    Nautobot's own pending migrations from the catalog, sorted by name.
    """
    if isinstance(trial_boot, TrialBoot) and not isinstance(
        trial_boot.facts.migrations, Unavailable
    ):
        return MigrationHistory(trial_boot.facts.migrations).plan
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return None
    of_target = catalog.migrations(target.version)
    if of_target is None:
        return None
    return tuple(sorted(of_target - set(facts.migrations.recorded)))
