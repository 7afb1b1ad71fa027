"""Preflight from request to report: the line that the Job and the command share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from celery.exceptions import SoftTimeLimitExceeded

from .catalog import Catalog
from .catalog.target import BEFORE_ALL, Target
from .checks.registry import checks_for, needed_topics
from .checks.runner import judge
from .collect import collect_facts
from .facts import Facts, MissingFactError, Unavailable, known
from .facts.resolution import Resolution
from .plan.history import History
from .plan.packages import PackageChange, package_changes
from .plan.runbook import Step, Window, upgrade_steps
from .report import Report
from .reporting import report_on
from .request import Request, Understood, understand
from .target.resolve import resolve
from .target.wishes import Wishes


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
    progress("resolution")
    resolution = _resolution(facts, target, asked)
    results = judge(facts, target, catalog, asked.exclude, checks, resolution=resolution)
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
        migrations=_pending(facts, target, catalog),
        packages=_package_changes(facts, resolution),
        steps=_steps(facts, target, catalog, resolution),
        constraints="" if isinstance(resolution, Unavailable) else resolution.constraints,
        seconds=time.monotonic() - started,
    )


def _resolution(facts: Facts, target: Target, asked: Understood) -> Resolution | Unavailable:
    """Ask the package index for the set, unless the settings forbid it."""
    config = asked.config
    if not config.resolve:
        return Unavailable("the settings forbid asking the package index (resolve is False)")
    try:
        python = known(facts.runtime).python
        wishes = Wishes(known(facts.packages), known(facts.apps), python, asked.requirements)
    except MissingFactError as error:
        return Unavailable(str(error))
    try:
        return resolve(
            wishes,
            target.version,
            seconds=config.resolve_timeout_seconds,
            wheel_directory=config.wheel_directory,
            lines=() if target.chosen else _lines(target, asked.catalog),
        )
    except SoftTimeLimitExceeded:
        return Unavailable("the Job's soft time limit ended the run before the index had answered")


def _steps(
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    resolution: Resolution | Unavailable,
) -> tuple[Step, ...]:
    """Return the runbook; none where nothing is upgraded, or nobody knows what runs."""
    if isinstance(facts.runtime, Unavailable) or isinstance(facts.database, Unavailable):
        return ()
    if target.version == target.installed and not target.database:
        return ()
    pending = _pending(facts, target, catalog)
    return upgrade_steps(
        Window(
            facts.runtime,
            facts.database,
            target.version,
            None if pending is None else len(pending),
            has_set=isinstance(resolution, Resolution) and bool(resolution.constraints),
        )
    )


def _lines(target: Target, catalog: Catalog | Unavailable) -> tuple[str, ...]:
    """Return the lines that an operator may choose from: the installed one, and those that live."""
    if isinstance(catalog, Unavailable):
        return ()
    own = catalog.line(target.installed)
    return tuple(line.name for line in catalog.lines if line is own or line.living)


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
    facts: Facts, target: Target, catalog: Catalog | Unavailable
) -> tuple[str, ...] | None:
    """Return the core migrations that the target has and the database does not."""
    if isinstance(catalog, Unavailable) or isinstance(facts.migrations, Unavailable):
        return None
    wanted = catalog.migrations(target.version)
    if wanted is None:
        return None
    return tuple(sorted(wanted - set(facts.migrations.recorded)))
