"""Preflight from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..app_settings import APP
from ..catalog import Catalog
from ..catalog.target_release import BEFORE_FIRST_RELEASE, Target
from ..checks.findings import CheckResult
from ..checks.registry import checks_for_stage, required_topics
from ..checks.release_notes import triage_release_notes
from ..checks.runner import run_checks
from ..collect import collect_facts
from ..facts import Facts, Unavailable
from ..facts.resolution import Resolution
from ..facts.storage import media_root
from ..facts.trial_boot import TrialBoot
from ..migration_graph.history import History
from ..report import Report
from ..rollback.before_upgrade import Ahead, look_back
from ..rollback.options import Choice
from ..runbook.upgrade import Step, Window, upgrade_steps
from ..upgrade.overview import Outlook, by_risk, way_to
from ..upgrade.package_changes import PackageChange, brought_along, package_changes
from .context import RunRequest, resolve_request
from .report_builder import build_report
from .target_inspection import inspect_target

TARGET_ALREADY_INSTALLED = "what is installed is the target"


def run_preflight(
    request: RunRequest, progress: Callable[[str], None] = lambda topic: None
) -> Report:
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
    checks = checks_for_stage("preflight")
    asked = resolve_request(request, checks)
    catalog = asked.catalog
    facts = collect_facts(
        statement_timeout_seconds=asked.config.statement_timeout_seconds,
        database_alias=asked.config.database_alias,
        own_job_result=request.own_job_result,
        topics=required_topics(checks),
        progress=progress,
    )
    target = _effective_source_release(facts, asked.target, catalog)
    resolution, trial_boot = inspect_target(facts, target, request, asked, progress)
    choice = _evaluate_rollback(facts, catalog, trial_boot)
    seen = {"resolution": resolution, "trial_boot": trial_boot, "choice": choice}
    results = run_checks(facts, target, catalog, asked.exclude, checks, **seen)
    pending = _list_pending_migrations(facts, target, catalog, trial_boot)
    return build_report(
        results,
        kind="preflight",
        release=target.version,
        acceptances=asked.acceptances,
        catalog=catalog,
        instance=asked.config.label,
        current=f"Nautobot {target.installed}"
        + (" (code; the database is not migrated)" if target.schema_release else ""),
        target=f"Nautobot {target.version}",
        migrations=pending,
        packages=_list_package_changes(facts, resolution),
        **_build_release_note_fields(results, facts, trial_boot),
        overview=_build_overview(target, catalog, resolution, trial_boot, pending),
        rollback_decision=None if isinstance(choice, Unavailable) else choice,
        steps=_build_steps(facts, target, pending, seen, asked.config.wheel_directory),
        constraints="" if isinstance(resolution, Unavailable) else resolution.constraints,
        seconds=time.monotonic() - started,
    )


def _build_overview(
    target: Target,
    catalog: Catalog | Unavailable,
    resolution: Resolution | Unavailable,
    trial_boot: TrialBoot | Unavailable,
    pending: tuple[str, ...] | None,
) -> Outlook:
    """Return what the upgrade looks like from afar, as far as it is known."""
    known = not isinstance(catalog, Unavailable)
    stops = catalog.upgrade_stops(target.installed, target.version) if known else ()
    preconditions = (
        trial_boot if isinstance(trial_boot, Unavailable) else trial_boot.facts.preconditions
    )
    return Outlook(
        way_to(target.installed, target.version, stops),
        by_risk(pending or (), preconditions),
        () if isinstance(resolution, Unavailable) else resolution.apps,
    )


def _evaluate_rollback(
    facts: Facts, catalog: Catalog | Unavailable, trial_boot: TrialBoot | Unavailable
) -> Choice | Unavailable:
    """Return the ways back from the upgrade, as the target has tried them on the rows of today."""
    if isinstance(trial_boot, Unavailable):
        return trial_boot
    target = trial_boot.facts
    if not trial_boot.is_separate_environment:
        return Unavailable(TARGET_ALREADY_INSTALLED)
    if isinstance(target.migrations, Unavailable):
        return target.migrations
    return look_back(
        Ahead(
            target.migrations,
            target.planned_reversal,
            target.preconditions,
            () if isinstance(catalog, Unavailable) else catalog.known_reversals,
            facts.tables,
            facts.database,
        )
    )


def _build_steps(
    facts: Facts,
    target: Target,
    pending: tuple[str, ...] | None,
    seen: dict[str, Any],
    wheel_directory: str,
) -> tuple[Step, ...]:
    """Return the runbook; none where nothing is upgraded, or nobody knows what runs."""
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    if target.version == target.installed and not target.schema_release:
        return ()
    resolution, trial_boot = seen["resolution"], seen["trial_boot"]
    return upgrade_steps(
        Window(
            facts.runtime,
            facts.database,
            target.version,
            None if pending is None else len(pending),
            of_apps=not isinstance(trial_boot, Unavailable),
            has_set=isinstance(resolution, Resolution) and bool(resolution.constraints),
            wheel_directory=wheel_directory,
            unknown=_unresolvable_packages(facts, resolution),
            is_app=isinstance(facts.apps, Unavailable)
            or APP in (one.module for one in facts.apps.enabled),
            media=media_root(facts.storage),
        )
    )


def _unresolvable_packages(facts: Facts, resolution: Resolution | Unavailable) -> tuple[str, ...]:
    if isinstance(resolution, Unavailable) or isinstance(facts.packages, Unavailable):
        return ()
    return brought_along(facts.packages, resolution)


def _build_release_note_fields(
    results: tuple[CheckResult, ...], facts: Facts, trial_boot: TrialBoot | Unavailable
) -> dict[str, Any]:
    """Return the release notes for the report, read in the light of what was found."""
    if isinstance(trial_boot, Unavailable):
        return {"notes_unavailable_reason": trial_boot.reason}
    if isinstance(trial_boot.release_notes, Unavailable):
        return {
            "notes_unavailable_reason": trial_boot.release_notes.reason
            if trial_boot.is_separate_environment
            else "there is nothing new"
        }
    reviewed = triage_release_notes(trial_boot.release_notes, results, facts)
    return {
        "release_notes": reviewed,
        "distributions_without_notes": trial_boot.release_notes.distributions_without_notes,
    }


def _list_package_changes(
    facts: Facts, resolution: Resolution | Unavailable
) -> tuple[PackageChange, ...] | None:
    if isinstance(resolution, Unavailable) or isinstance(facts.packages, Unavailable):
        return None
    return tuple(package_changes(facts.packages, resolution))


def _effective_source_release(
    facts: Facts, target: Target, catalog: Catalog | Unavailable
) -> Target:
    """Let the upgrade begin where the database is, if newer code has been installed already.

    Between the installation of new code and ``migrate``, the rows are still those of the old
    release, and whatever it passes on the way is still to come.
    """
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return target
    if not set(History(facts.migrations).unapplied) & catalog.all_core_migrations:
        return target
    recorded = set(facts.migrations.recorded) - set(catalog.pre_release_names)
    releases = catalog.match_releases(recorded)
    return replace(target, schema_release=releases[-1] if releases else BEFORE_FIRST_RELEASE)


def _list_pending_migrations(
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    trial_boot: TrialBoot | Unavailable,
) -> tuple[str, ...] | None:
    """Return the migrations to come: of the target itself in their order, or else core's by name.

    The catalog has the names of core's alone, and no order.
    """
    if isinstance(trial_boot, TrialBoot) and not isinstance(
        trial_boot.facts.migrations, Unavailable
    ):
        return History(trial_boot.facts.migrations).plan
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return None
    wanted = catalog.migrations(target.version)
    if wanted is None:
        return None
    return tuple(sorted(wanted - set(facts.migrations.recorded)))
