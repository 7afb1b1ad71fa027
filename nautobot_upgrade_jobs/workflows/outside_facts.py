"""The facts of an installation from outside: from its own interpreter, and from the trial boot."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ..catalog import Catalog
from ..catalog.target_release import Target
from ..facts import Customizations, Database, Facts, Migrations, Settings, Unavailable
from ..facts.customizations import IMPORTING_KINDS
from ..facts.migrations import Migration
from ..facts.resolution import Resolution
from ..facts.runtime import Runtime
from ..facts.trial_boot import TrialBoot
from ..target.installation import Installation

ROW_TOPICS = ("database", "tables", "data", "legacy_data", "settings")
"""Topics of the installation that the code of the target can collect."""
FROM_INSIDE = Unavailable("only a process of the installed release can collect this")


@dataclass(frozen=True)
class OutsideState:
    """The installation from outside, the target, and what the trial boot found."""

    installation: Installation
    target: Target
    resolution: Resolution | Unavailable
    trial_boot: TrialBoot | Unavailable


def build_facts(
    state: OutsideState, catalog: Catalog | Unavailable, topics: Collection[str] = ROW_TOPICS
) -> Facts:
    """Return the facts of the installation: from its own interpreter, and from the trial boot.

    Args:
        state: The installation and the trial boot.
        catalog: The catalog, with the migrations of the installed release.
        topics: The topics that the code of the target has collected of the installation.
    """
    installation = state.installation
    rows = get_boot_facts(state.trial_boot, (*topics, "migrations"))
    return Facts(
        **{topic: FROM_INSIDE for topic in Facts.topics() if topic not in topics}
        | {topic: getattr(rows, topic) for topic in topics}
        | {
            **describe_installation(installation, rows.database),
            "settings": _describe_settings(rows.settings, installation),
            "migrations": _describe_history(rows.migrations, installation, catalog),
        }
    )


def hide_unknown_host(facts: Facts, installation: Installation) -> Facts:
    """Return the facts without what only the host knows, if only the database is known."""
    if not installation.releases:
        return facts
    names = " to ".join(dict.fromkeys((installation.releases[0], installation.releases[-1])))
    state = (
        f"an upgrade from Nautobot {names} has not ended, or the catalog lacks its release"
        if installation.is_between_releases
        else f"it is of Nautobot {names}"
    )
    unknown = Unavailable(f"only the database is known; {state}")
    database = facts.database
    if isinstance(database, Database):  # Its role is probably not the role that migrates.
        database = replace(database, can_create_tables=unknown, tables_not_owned=unknown)
    hidden = replace(facts, database=database, runtime=unknown, settings=unknown, packages=unknown)
    if not installation.unnamed_apps:
        return hidden
    names = ", ".join(installation.unnamed_apps)
    return replace(
        hidden,
        apps=Unavailable(
            f"the database has migrations of {names}: name these Apps with --apps. If you have "
            "removed one, remove its tables and migrations too"
        ),
    )


def limit_to_database(trial_boot: TrialBoot | Unavailable) -> TrialBoot | Unavailable:
    """Return a trial boot of which only the database was known.

    No Job file counts as inspected. An App that does not load may lack its settings.
    """
    if isinstance(trial_boot, TrialBoot):
        failures = (replace(each, conclusive=False) for each in trial_boot.app_load_failures)
        trial_boot = replace(trial_boot, app_load_failures=tuple(failures))
    found = None if isinstance(trial_boot, Unavailable) else trial_boot.facts.customizations
    if isinstance(trial_boot, Unavailable) or not isinstance(found, Customizations):
        return trial_boot
    unreadable = dict.fromkeys(IMPORTING_KINDS, "only the host of Nautobot has the Job files")
    known = tuple(each for each in found.problems if each.kind not in IMPORTING_KINDS)
    hidden = replace(found, problems=known, unreadable={**found.unreadable, **unreadable})
    return replace(trial_boot, facts=replace(trial_boot.facts, customizations=hidden))


def get_boot_facts(boot: TrialBoot | Unavailable, topics: Collection[str]) -> Facts:
    """Return what a trial boot has collected, or why it could not."""
    if isinstance(boot, Unavailable):
        reason = boot.reason
    elif boot.failure:
        reason = f"Nautobot {boot.target} did not start: see trial_boot.fails_to_start"
    else:
        return boot.facts
    return Facts(**dict.fromkeys(topics, Unavailable(reason)))


def describe_installation(
    installation: Installation, database: Database | Unavailable
) -> dict[str, Any]:
    """Return, by topic, what the interpreter of an installation and its host describe.

    Args:
        installation: The installation.
        database: The database as a trial boot has seen it.
    """
    return {
        "runtime": _describe_runtime(installation),
        "deployment": installation.deployment or FROM_INSIDE,
        "database": _describe_database(database, installation),
        "packages": installation.packages,
        "apps": installation.apps,
    }


def _describe_database(
    database: Database | Unavailable, installation: Installation
) -> Database | Unavailable:
    """Return the database with the login of the installation.

    The relay of the trial boot has another address, and gives its sessions other settings.
    """
    if isinstance(database, Unavailable):
        return database
    parameters = installation.database.parameters
    return replace(
        database,
        host=str(parameters.get("host") or ""),
        port=str(parameters.get("port") or ""),
        session_settings=FROM_INSIDE,
    )


def _describe_settings(
    settings: Settings | Unavailable, installation: Installation
) -> Settings | Unavailable:
    """Return the settings that the configuration itself sets.

    The isolation of the trial boot has replaced others.
    """
    if isinstance(settings, Unavailable):
        return settings
    own = (each for each in settings.values if each.name in installation.settings)
    return replace(settings, values=tuple(own))


def _describe_runtime(installation: Installation) -> Runtime:
    return Runtime(
        nautobot=installation.release,
        python=installation.python,
        operating_system=platform.platform(terse=True),
        prefix=installation.prefix,
        today=datetime.now(timezone.utc).date().isoformat(),
        cores=len(os.sched_getaffinity(0)),
        config_file=installation.name_by_link(installation.config),
        load=os.getloadavg()[0],
    )


def _describe_history(
    migrations: Migrations | Unavailable,
    installation: Installation,
    catalog: Catalog | Unavailable,
) -> Migrations | Unavailable:
    """Return the recorded migrations with the files that the installed release has.

    The catalog has those of Nautobot. The files of the Apps are unknown, so what is recorded
    counts as their files.
    """
    if isinstance(migrations, Unavailable):
        return migrations
    own = None if isinstance(catalog, Unavailable) else catalog.migrations(installation.release)
    if installation.releases:  # No environment is known, so what is recorded counts as its files.
        own = frozenset(migrations.recorded)
    if own is None or isinstance(catalog, Unavailable):
        return Unavailable(f"the catalog does not contain Nautobot {installation.release}")
    others = (
        key
        for key in migrations.recorded
        if key.partition(".")[0] not in catalog.core_apps and key not in own
    )
    keys = [*sorted(own), *others]
    return Migrations(
        tuple(_chain(keys)),
        migrations.recorded,
        tuple(dict.fromkeys(key.partition(".")[0] for key in keys)),
    )


def _chain(keys: Iterable[str]) -> Iterator[Migration]:
    """Yield migrations of which each depends on the one before it in its App.

    The catalog has only names, and Django numbers the migrations of an App in their order.
    """
    last: dict[str, str] = {}
    for key in keys:
        app = key.partition(".")[0]
        yield Migration(key, (last[app],) if app in last else (), ())
        last[app] = key
