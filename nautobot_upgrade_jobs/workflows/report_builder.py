"""Build the report of a run from the results and the acceptances."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone

from .. import __version__
from ..catalog import Catalog
from ..checks import acceptance
from ..checks.findings import Acceptance, CheckResult, compute_verdict
from ..checks.registry import all_checks
from ..facts import Unavailable
from ..report import Report
from ..snapshot.compare import sections
from .evidence import UpgradeEvidence


def build_report(  # noqa: PLR0913 - the fields of the report
    results: tuple[CheckResult, ...],
    *,
    kind: str,
    release: str,
    acceptances: Iterable[Acceptance],
    catalog: Catalog | Unavailable,
    instance: str,
    current: str,
    target: str,
    installed_version: str,
    target_version: str,
    migrations: tuple[str, ...] | None = None,
) -> Report:
    """Build the part of a report that every Job has. A workflow adds its own sections.

    ``release`` is the Nautobot version that an acceptance must name to be active. ``acceptances``
    are all given acceptances, including acceptances for other runs. The other arguments are fields
    of the report.
    """
    now, is_planned = datetime.now(timezone.utc), kind == "preflight"
    active, lapsed = acceptance.split_active(acceptances, today=now.date(), target=release)
    accepted, refused, unmatched = _match_acceptances(active, results, is_planned=is_planned)
    return Report(
        kind=kind,
        instance=instance,
        created=now,
        current=current,
        target=target,
        installed_version=installed_version,
        target_version=target_version,
        verdict=compute_verdict(results, frozenset(accepted)),
        results=results,
        migrations=migrations,
        tool_version=__version__,
        catalog="not readable" if isinstance(catalog, Unavailable) else catalog.version,
        active_acceptances=accepted,
        lapsed_acceptances=lapsed,
        refused_acceptances=refused,
        unmatched_acceptances=_relevant_acceptances(
            unmatched, {result.check for result in results}
        ),
    )


def build_preflight_report(
    evidence: UpgradeEvidence,
    results: tuple[CheckResult, ...],
    *,
    acceptances: Iterable[Acceptance],
    instance: str,
) -> Report:
    """Build the report of Preflight without the sections that describe the upgrade.

    Args:
        evidence: The evidence of the run.
        results: The results of its checks.
        acceptances: All given acceptances.
        instance: Name of the installation.
    """
    target = evidence.target
    unmigrated = " (code; the database is not migrated)" if target.schema_release else ""
    report = build_report(
        results,
        kind="preflight",
        release=target.version,
        acceptances=acceptances,
        catalog=evidence.catalog,
        instance=instance,
        current=f"Nautobot {target.installed}{unmigrated}",
        target=f"Nautobot {target.version}",
        installed_version=target.installed,
        target_version=target.version,
        migrations=evidence.pending,
    )
    return replace(report, migration_seconds=evidence.migration_seconds)


def _match_acceptances(
    active: Mapping[str, Acceptance], results: Iterable[CheckResult], *, is_planned: bool
) -> tuple[dict[str, Acceptance], tuple[Acceptance, ...], tuple[Acceptance, ...]]:
    """Return the acceptances that count, those that have no effect, and those without a match."""
    results = tuple(results)
    found = [(result.key(finding), finding) for result in results for finding in result.findings]
    keys = [key for key, _ in found]
    if not is_planned:  # Before an upgrade, an operator cannot accept that something is unknown.
        keys += (result.not_checked_key for result in results if result.not_checked_key)
    accepted, unmatched = acceptance.split_matching(active, keys)
    if not is_planned:
        return accepted, (), unmatched
    return (*acceptance.split_refused(accepted, dict(found)), unmatched)


def _relevant_acceptances(
    acceptances: tuple[Acceptance, ...], answered: Collection[str]
) -> tuple[Acceptance, ...]:
    """Return the acceptances for checks of this run or for unknown checks.

    An acceptance for a check of another Job is left out. An acceptance for an unknown check is not.
    """
    known = {check.id for check in all_checks()} | set(map(section_check_id, sections()))
    return tuple(
        acceptance_
        for acceptance_ in acceptances
        if (check := acceptance_.finding.partition(":")[0]) in answered or check not in known
    )


def section_check_id(section: str) -> str:
    """Return the id of the check that reports changes in a snapshot section."""
    return section if "." in section else f"{section}.changes"
