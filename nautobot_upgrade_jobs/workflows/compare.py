"""Compare two snapshots and build the report, for the Job and the commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from ..app_settings import read_configuration
from ..catalog import Catalog
from ..checks import acceptance
from ..checks.findings import Acceptance, CheckResult, Finding, Impact, Phase, Severity, Status
from ..common.errors import UsageError
from ..facts import Unavailable
from ..report import Report
from ..snapshot.compare import Change, ChangeKind, compare, sections
from ..snapshot.file_format import Snapshot
from .context import require_catalog
from .report_builder import build_report, section_check_id

MAX_FINDINGS = 100
"""Maximum number of findings of one section. The JSON report lists all changes."""
REMEDIATIONS = {
    "fingerprints": "Check these rows in both databases while the old database or its backup "
    "exists. The change log shows who changed rows in Nautobot.",
    "schema": "Only migrations should alter tables. Find out what altered this table, and check "
    "whether `nautobot-server migrate` has finished.",
    "derived_state": "Open the object and check that it still works.",
    "filter_results": "Open the object and check which objects its filter selects.",
    "automation": "If the change was not intended, install, enable or schedule it again.",
    "ui_registry": "Check whether an App is missing, or a newer release has moved the page.",
    "files": "Compare the file with the backup of the old installation.",
    "packages": "If the change was not intended, install the previous version.",
    "apps": "Add the App to PLUGINS again, or remove it completely with its tables.",
    "settings": "Compare nautobot_config.py and the environment with their previous versions.",
    "migrations": "Find out which code recorded the migration, or who removed its record.",
    "system_checks": "Run `nautobot-server check` and follow its hints.",
    "storage": "Check that the folder exists and that Nautobot may write to it.",
    "installation": "Check that this is the intended server, environment and release.",
}


def read_configured_acceptances() -> tuple[Acceptance, ...]:
    """Return the acceptances in the App's settings. Nautobot must be loaded.

    Raises:
        UsageError: The settings are invalid.
    """
    try:
        return acceptance.parse_acceptances(read_configuration().acceptances)
    except acceptance.AcceptanceError as error:
        raise UsageError(str(error)) from None


def compare_snapshots(
    before: Snapshot, after: Snapshot, acceptances: tuple[Acceptance, ...] = ()
) -> Report:
    """Compare two snapshots of an installation.

    Args:
        before: The older snapshot.
        after: The newer snapshot.
        acceptances: Accepted findings. Their target is the newer release.

    Returns:
        The report with all changes. Each change without an explanation is a finding.

    Raises:
        UsageError: The snapshots are in the wrong order, or the catalog cannot be read.
    """
    started = time.monotonic()
    _require_chronological_order(before, after)
    catalog = require_catalog()
    results, changes = evaluate_changes(before, after, catalog)
    report = build_report(
        results,
        kind="compare",
        release=_get_release(after),
        acceptances=acceptances,
        catalog=catalog,
        instance=after.instance,
        current=f"Nautobot {_get_release(before)}, {format_timestamp(before)}",
        target=f"Nautobot {_get_release(after)}, {format_timestamp(after)}",
        installed_version=_get_release(before),
        target_version=_get_release(after),
    )
    return replace(
        report,
        changes=changes,
        seconds=time.monotonic() - started,
    )


def evaluate_changes(
    before: Snapshot, after: Snapshot, catalog: Catalog
) -> tuple[tuple[CheckResult, ...], tuple[Change, ...]]:
    """Compare two snapshots of an installation.

    Returns:
        One result for each section, and all changes.
    """
    changes = (*_compare_instances(before, after), *compare(before.facts, after.facts, catalog))
    return tuple(_build_results(changes)), changes


def _require_chronological_order(before: Snapshot, after: Snapshot) -> None:
    if before == after:
        raise UsageError("Both inputs are the same snapshot, so there is nothing to compare.")
    if before.created > after.created:
        raise UsageError(
            f"The first snapshot ({before.created}) is newer than the second ({after.created}). "
            "Name the older snapshot first."
        )


def _get_release(snapshot: Snapshot) -> str:
    runtime = snapshot.facts.runtime
    return "unknown" if isinstance(runtime, Unavailable) else runtime.nautobot


def format_timestamp(snapshot: Snapshot) -> str:
    """Return when a snapshot was made, in a readable form."""
    return f"{snapshot.created[:16].replace('T', ' ')} UTC"


def _compare_instances(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    if before.instance != after.instance:
        yield Change(
            ChangeKind.UNEXPECTED,
            "installation",
            "instance",
            f"the snapshots are of two installations: {before.instance} and {after.instance}",
            before.instance,
            after.instance,
        )

    servers = (before.facts.database, after.facts.database)
    vendors = [one.vendor for one in servers if not isinstance(one, Unavailable)]
    if len(set(vendors)) > 1:
        yield Change(
            ChangeKind.UNEXPECTED,
            "installation",
            "database",
            f"the snapshots are of two databases: one on {vendors[0]}, one on {vendors[1]}",
            vendors[0],
            vendors[1],
        )


def _build_results(changes: tuple[Change, ...]) -> Iterator[CheckResult]:
    """Turn the changes into one result for each section."""
    for section in sections():
        in_section = [change for change in changes if change.section == section]
        hidden = [change for change in in_section if change.kind is ChangeKind.NOT_COMPARABLE]
        findings = tuple(
            _build_findings([change for change in in_section if change.kind in SEVERITIES])
        )
        # Findings count even if a part of the section could not be compared.
        if hidden:
            reason = "; ".join(
                f"{change.subject}: {change.reason}" for change in hidden[:MAX_FINDINGS]
            )
            yield _build_result(section, Status.SKIPPED, findings, reason)
        else:
            yield _build_result(section, Status.FAILED if findings else Status.PASSED, findings)


SEVERITIES = {ChangeKind.LOST: Severity.BLOCKER, ChangeKind.UNEXPECTED: Severity.WARNING}


def _build_result(
    section: str, status: Status, findings: tuple[Finding, ...], reason: str = ""
) -> CheckResult:
    return CheckResult(
        check=section_check_id(section),
        title=f"A release explains each change of {section.replace('.', ', ').replace('_', ' ')}.",
        status=status,
        evidence_source="data" if section == "fingerprints" else "facts",
        reason=reason,
        findings=findings,
    )


def _build_findings(changes: list[Change]) -> Iterator[Finding]:
    for change in changes[:MAX_FINDINGS]:
        lost = change.kind is ChangeKind.LOST
        yield Finding(
            severity=SEVERITIES[change.kind],
            subject=change.subject,
            message=f"{change.description}.",
            remediation=REMEDIATIONS[change.section.partition(".")[0]],
            phase=Phase.RUNTIME,
            impact=Impact.DATA_LOSS if lost else Impact.UNKNOWN,
        )
    if len(changes) > MAX_FINDINGS:
        rest = changes[MAX_FINDINGS:]
        yield Finding(
            severity=max((SEVERITIES[change.kind] for change in rest), key=list(Severity).index),
            subject="more",
            message=f"{len(rest)} more changes of this section. The JSON report lists them all.",
            remediation="Check the first changes. So many changes usually have one cause.",
            phase=Phase.RUNTIME,
            impact=Impact.UNKNOWN,
        )
