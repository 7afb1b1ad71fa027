"""Compare Snapshots from two snapshots to the report: what the Job and the commands share."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..app_settings import UsageError, read_configuration
from ..catalog import Catalog, CatalogError, CatalogUnavailable, load_catalog
from ..checks import acceptance
from ..checks.findings import Acceptance, CheckResult, Finding, Impact, Phase, Severity, Status
from ..facts import Unavailable
from ..report import Report
from ..snapshot.compare import Change, Kind, compare, sections
from ..snapshot.file_format import Snapshot
from .report_builder import build_report, section_check_id

MAX_FINDINGS = 100
"""Of one section; more say the same again, and stand in the JSON report."""
REMEDIATIONS = {
    "fingerprints": "Look at these rows in both databases while the old one, or its backup, is at "
    "hand. The change log tells who changed rows through Nautobot.",
    "schema": "Nobody but migrations should alter tables: find out who did, and see whether "
    "`nautobot-server migrate` has finished.",
    "derived_state": "Open the object and look whether it still does what it is for.",
    "automation": "Decide whether it should be so; if not, install, enable or schedule it again.",
    "ui_registry": "See whether an App is missing, or a newer release of one has moved the page.",
    "files": "Compare the file with the backup of the old installation.",
    "packages": "Install the version that was meant, or leave it if it was meant.",
    "apps": "Put the App back into PLUGINS, or remove it for good, with its tables.",
    "settings": "Compare nautobot_config.py and the environment with those before.",
    "migrations": "Find out which code recorded the migration, or who removed its record.",
    "system_checks": "Run `nautobot-server check` and do what it says.",
    "storage": "See that the folder exists and that Nautobot may write to it.",
    "installation": "See that this is the server, the environment and the release that you meant.",
}


def read_configured_acceptances() -> tuple[Acceptance, ...]:
    """Return the acceptances in the App's settings; it needs a Nautobot.

    Raises:
        UsageError: The settings make no sense.
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
        before: The older one.
        after: The newer one.
        acceptances: Decisions to live with a finding; their target is the newer release.

    Returns:
        The report: all changes, those that nothing explains as findings.

    Raises:
        UsageError: The older snapshot is the newer one, or the catalog cannot be read.
    """
    started = time.monotonic()
    _require_chronological_order(before, after)
    try:
        catalog = load_catalog()
    except (CatalogUnavailable, CatalogError) as error:
        raise UsageError(str(error)) from None
    results, changes = evaluate_changes(before, after, catalog)
    return build_report(
        results,
        kind="compare",
        release=_get_release(after),
        acceptances=acceptances,
        catalog=catalog,
        instance=after.instance,
        current=f"Nautobot {_get_release(before)}, {format_timestamp(before)}",
        target=f"Nautobot {_get_release(after)}, {format_timestamp(after)}",
        migrations=None,
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
        raise UsageError("Both are the same snapshot; there is nothing to compare.")
    if before.created > after.created:
        raise UsageError(
            f"The first snapshot ({before.created}) is newer than the second ({after.created}): "
            "name the older one first."
        )


def _get_release(snapshot: Snapshot) -> str:
    runtime = snapshot.facts.runtime
    return "unknown" if isinstance(runtime, Unavailable) else runtime.nautobot


def format_timestamp(snapshot: Snapshot) -> str:
    """Return when a snapshot was made, as people write it."""
    return f"{snapshot.created[:16].replace('T', ' ')} UTC"


def _compare_instances(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    if before.instance != after.instance:
        yield Change(
            Kind.UNEXPECTED,
            "installation",
            "instance",
            f"the snapshots are of two installations: {before.instance} and {after.instance}",
            before.instance,
            after.instance,
        )


def _build_results(changes: tuple[Change, ...]) -> Iterator[CheckResult]:
    """Turn the changes into one result for each section."""
    for section in sections():
        own = [one for one in changes if one.section == section]
        hidden = [one for one in own if one.kind is Kind.NOT_COMPARABLE]
        findings = tuple(_build_findings([one for one in own if one.kind in SEVERITIES]))
        # What could be compared counts, even where something else could not.
        if hidden:
            reason = "; ".join(f"{one.subject}: {one.reason}" for one in hidden[:MAX_FINDINGS])
            yield _build_result(section, Status.SKIPPED, findings, reason)
        else:
            yield _build_result(section, Status.FAILED if findings else Status.PASSED, findings)


SEVERITIES = {Kind.LOST: Severity.BLOCKER, Kind.UNEXPECTED: Severity.WARNING}


def _build_result(
    section: str, status: Status, findings: tuple[Finding, ...], reason: str = ""
) -> CheckResult:
    return CheckResult(
        check=section_check_id(section),
        title=f"Of {section.replace('.', ', ').replace('_', ' ')}, only what a release changes "
        "is not as it was.",
        status=status,
        evidence_source="data" if section == "fingerprints" else "facts",
        reason=reason,
        findings=findings,
    )


def _build_findings(changes: list[Change]) -> Iterator[Finding]:
    for one in changes[:MAX_FINDINGS]:
        lost = one.kind is Kind.LOST
        yield Finding(
            severity=SEVERITIES[one.kind],
            subject=one.subject,
            message=f"{one.story}.",
            remediation=REMEDIATIONS[one.section.partition(".")[0]],
            phase=Phase.RUNTIME,
            impact=Impact.DATA_LOSS if lost else Impact.UNKNOWN,
        )
    if len(changes) > MAX_FINDINGS:
        rest = changes[MAX_FINDINGS:]
        yield Finding(
            severity=max((SEVERITIES[one.kind] for one in rest), key=list(Severity).index),
            subject="more",
            message=f"{len(rest)} more changes of this section; the JSON report lists them all.",
            remediation="Look at the first ones; so many have one cause, as a rule.",
            phase=Phase.RUNTIME,
            impact=Impact.UNKNOWN,
        )
