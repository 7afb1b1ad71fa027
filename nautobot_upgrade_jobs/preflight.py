"""Preflight from request to report: the line that the Job and the command share."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version as installed_version

from . import __version__
from .catalog import Catalog, CatalogError, CatalogUnavailable, load
from .catalog.target import BEFORE_ALL, Target, TargetError, choose_target
from .checks import acceptance
from .checks.acceptance import AcceptanceError
from .checks.findings import Acceptance, verdict_of
from .checks.registry import needed_topics
from .checks.runner import UnknownCheckError, judge, require_known
from .collect import collect_facts
from .comparison import checks as checks_of_comparisons
from .configuration import Configuration, ConfigurationError, UsageError, configuration
from .facts import Facts, Unavailable
from .plan.history import History
from .report import Report


@dataclass(frozen=True)
class Request:
    """What the operator asked for, as it came from a form, REST or the command line."""

    target: str = ""
    exclude: str = ""
    """Ids of checks to leave out, separated by commas or white space."""
    accept: str = ""
    """Acceptances, one a line: ``key | reason | until``."""
    user: str = ""
    own_job_result: str = ""


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
    config, catalog, target, exclude, acceptances = _understood(request)
    facts = collect_facts(
        statement_timeout_seconds=config.statement_timeout_seconds,
        database_alias=config.database_alias,
        own_job_result=request.own_job_result,
        topics=needed_topics(),
        progress=progress,
    )
    target = _as_migrated(facts, target, catalog)
    results = judge(facts, target, catalog, exclude)
    now = datetime.now(timezone.utc)
    held, lapsed = acceptance.holding(acceptances, today=now.date(), target=target.version)
    keys = (result.key(finding) for result in results for finding in result.findings)
    accepted, unmatched = acceptance.matching(held, keys)
    return Report(
        kind="preflight",
        instance=config.label,
        created=now,
        current=f"Nautobot {target.installed}"
        + (" (code; the database is not migrated)" if target.database else ""),
        target=f"Nautobot {target.version}",
        verdict=verdict_of(results, frozenset(accepted)),
        results=results,
        migrations=_pending(facts, target, catalog),
        tool=f"nautobot-upgrade-jobs {__version__}",
        catalog="not readable" if isinstance(catalog, Unavailable) else catalog.version,
        accepted=accepted,
        lapsed=lapsed,
        unmatched=tuple(
            one for one in unmatched if one.finding.partition(":")[0] not in checks_of_comparisons()
        ),
        seconds=time.monotonic() - started,
    )


def _understood(
    request: Request,
) -> tuple[Configuration, Catalog | Unavailable, Target, frozenset[str], tuple[Acceptance, ...]]:
    """Turn the request into what it means, before anything is touched."""
    try:
        config = configuration()
        catalog = _catalog()
        target = choose_target(catalog, installed_version("nautobot"), request.target)
        exclude = frozenset(filter(None, re.split(r"[\s,]+", request.exclude)))
        require_known(exclude)
        acceptances = (
            *acceptance.from_settings(config.acceptances),
            *acceptance.from_lines(request.accept, who=request.user, target=target.version),
        )
    except (ConfigurationError, TargetError, UnknownCheckError, AcceptanceError) as error:
        raise UsageError(str(error)) from None
    return config, catalog, target, exclude, acceptances


def _catalog() -> Catalog | Unavailable:
    try:
        return load()
    except (CatalogUnavailable, CatalogError) as error:
        return Unavailable(str(error))


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
