"""Preflight from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..app_settings import APP
from ..catalog import Catalog
from ..catalog.target_release import BEFORE_ALL, Target
from ..checks.findings import CheckResult
from ..checks.registry import checks_for, needed_topics
from ..checks.release_notes import review
from ..checks.runner import judge
from ..collect import collect_facts
from ..facts import Facts, Unavailable
from ..facts.booted import Booted
from ..facts.resolution import Resolution
from ..facts.storage import media_of
from ..migration_graph.history import History
from ..report import Report
from ..rollback.before_upgrade import Ahead, look_back
from ..rollback.options import Choice
from ..runbook.upgrade import Step, Window, upgrade_steps
from ..upgrade.overview import Outlook, by_risk, way_to
from ..upgrade.package_changes import PackageChange, brought_along, package_changes
from .context import Request, understand
from .report_builder import report_on
from .target_inspection import foresee

SAME_CODE = "what is installed is the target"


def preflight(request: Request, progress: Callable[[str], None] = lambda topic: None) -> Report:
    """Judge the upgrade of this installation to a target.

    Args:
        request: What to judge.
        progress: Called with each topic before it is collected.

    Returns:
        The report, whatever could and could not be collected.

    Raises:
        UsageError: The request or the App's settings make no sense; nothing has been collected.
    """
    started = time.monotonic()
    checks = checks_for("before")
    asked = understand(request, checks)
    catalog = asked.catalog
    facts = collect_facts(
        statement_timeout_seconds=asked.config.statement_timeout_seconds,
        database_alias=asked.config.database_alias,
        own_job_result=request.own_job_result,
        topics=needed_topics(checks),
        progress=progress,
    )
    target = _as_migrated(facts, asked.target, catalog)
    resolution, booted = foresee(facts, target, request, asked, progress)
    choice = _way_back(facts, catalog, booted)
    seen = {"resolution": resolution, "booted": booted, "choice": choice}
    results = judge(facts, target, catalog, asked.exclude, checks, **seen)
    pending = _pending(facts, target, catalog, booted)
    return report_on(
        results,
        kind="preflight",
        release=target.version,
        acceptances=asked.acceptances,
        catalog=catalog,
        instance=asked.config.label,
        current=f"Nautobot {target.installed}"
        + (" (code; the database is not migrated)" if target.database else ""),
        target=f"Nautobot {target.version}",
        migrations=pending,
        packages=_package_changes(facts, resolution),
        **_notes(results, facts, booted),
        outlook=_outlook(target, catalog, resolution, booted, pending),
        choice=None if isinstance(choice, Unavailable) else choice,
        steps=_steps(facts, target, pending, seen, asked.config.wheel_directory),
        constraints="" if isinstance(resolution, Unavailable) else resolution.constraints,
        seconds=time.monotonic() - started,
    )


def _outlook(
    target: Target,
    catalog: Catalog | Unavailable,
    resolution: Resolution | Unavailable,
    booted: Booted | Unavailable,
    pending: tuple[str, ...] | None,
) -> Outlook:
    """Return what the upgrade looks like from afar, as far as it is known."""
    known = not isinstance(catalog, Unavailable)
    stops = catalog.stops(target.installed, target.version) if known else ()
    demands = booted if isinstance(booted, Unavailable) else booted.facts.demands
    return Outlook(
        way_to(target.installed, target.version, stops),
        by_risk(pending or (), demands),
        () if isinstance(resolution, Unavailable) else resolution.apps,
    )


def _way_back(
    facts: Facts, catalog: Catalog | Unavailable, booted: Booted | Unavailable
) -> Choice | Unavailable:
    """Return the ways back from the upgrade, as the target has tried them on the rows of today."""
    if isinstance(booted, Unavailable):
        return booted
    target = booted.facts
    if not booted.built:
        return Unavailable(SAME_CODE)
    if isinstance(target.migrations, Unavailable):
        return target.migrations
    return look_back(
        Ahead(
            target.migrations,
            target.retreat,
            target.demands,
            () if isinstance(catalog, Unavailable) else catalog.reversals,
            facts.tables,
            facts.database,
        )
    )


def _steps(
    facts: Facts,
    target: Target,
    pending: tuple[str, ...] | None,
    seen: dict[str, Any],
    wheel_directory: str,
) -> tuple[Step, ...]:
    """Return the runbook; none where nothing is upgraded, or nobody knows what runs."""
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    if target.version == target.installed and not target.database:
        return ()
    resolution, booted = seen["resolution"], seen["booted"]
    return upgrade_steps(
        Window(
            facts.runtime,
            facts.database,
            target.version,
            None if pending is None else len(pending),
            of_apps=not isinstance(booted, Unavailable),
            has_set=isinstance(resolution, Resolution) and bool(resolution.constraints),
            wheel_directory=wheel_directory,
            unknown=_brought_along(facts, resolution),
            is_app=isinstance(facts.apps, Unavailable)
            or APP in (one.module for one in facts.apps.enabled),
            media=media_of(facts.storage),
        )
    )


def _brought_along(facts: Facts, resolution: Resolution | Unavailable) -> tuple[str, ...]:
    if isinstance(resolution, Unavailable) or isinstance(facts.packages, Unavailable):
        return ()
    return brought_along(facts.packages, resolution)


def _notes(
    results: tuple[CheckResult, ...], facts: Facts, booted: Booted | Unavailable
) -> dict[str, Any]:
    """Return the release notes for the report, read in the light of what was found."""
    if isinstance(booted, Unavailable):
        return {"why_no_notes": booted.reason}
    if isinstance(booted.notes, Unavailable):
        return {"why_no_notes": booted.notes.reason if booted.built else "there is nothing new"}
    reviewed = review(booted.notes, results, facts)
    return {"notes": reviewed, "without_notes": booted.notes.without}


def _package_changes(
    facts: Facts, resolution: Resolution | Unavailable
) -> tuple[PackageChange, ...] | None:
    if isinstance(resolution, Unavailable) or isinstance(facts.packages, Unavailable):
        return None
    return tuple(package_changes(facts.packages, resolution))


def _as_migrated(facts: Facts, target: Target, catalog: Catalog | Unavailable) -> Target:
    """Let the upgrade begin where the database is, if newer code has been installed already.

    Between the installation of new code and ``migrate``, the rows are still those of the old
    release, and whatever it passes on the way is still to come.
    """
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return target
    if not set(History(facts.migrations).unapplied) & catalog.all_core_migrations:
        return target
    recorded = set(facts.migrations.recorded) - set(catalog.pre_release_names)
    releases = catalog.releases_of(recorded)
    return replace(target, database=releases[-1] if releases else BEFORE_ALL)


def _pending(
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    booted: Booted | Unavailable,
) -> tuple[str, ...] | None:
    """Return the migrations to come: of the target itself in their order, or else core's by name.

    The catalog has the names of core's alone, and no order.
    """
    if isinstance(booted, Booted) and not isinstance(booted.facts.migrations, Unavailable):
        return History(booted.facts.migrations).plan
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return None
    wanted = catalog.migrations(target.version)
    if wanted is None:
        return None
    return tuple(sorted(wanted - set(facts.migrations.recorded)))
