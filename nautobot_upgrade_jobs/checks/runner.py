"""Run checks on facts. A check that crashes gets a result too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from ..catalog import Catalog
from ..catalog.target_release import Target
from ..common.urls import mask_url_credentials
from ..facts import Facts, FactUnavailable, Unavailable
from ..facts.rehearsal import Rehearsal
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..rollback.backup_check import NO_BACKUP, BackupEvidence
from ..rollback.options import RollbackDecision
from ..upgrade.rehearsed import NO_REHEARSAL, RehearsalEvidence
from .expectation_parser import NO_EXPECTATIONS, Expectations
from .findings import CheckResult, Finding, FindingRef, Severity, Status
from .registry import Check, NotApplicable, all_checks

SEVERITY_RANK = {severity: rank for rank, severity in enumerate(Severity)}
NOT_RESOLVED = Unavailable("the package index was not queried")
NOT_BOOTED = Unavailable("the target was not built")
NOT_REHEARSED = Unavailable("no upgrade was rehearsed")
NOT_ASSESSED = Unavailable("the rollback options were not evaluated")


class UnknownCheckError(ValueError):
    """A given check does not exist. The message lists the existing ones."""


def run_checks(  # noqa: PLR0913 - every kind of evidence
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    exclude: Collection[str] = (),
    checks: Iterable[Check] | None = None,
    expectations: Expectations = NO_EXPECTATIONS,
    resolution: Resolution | Unavailable = NOT_RESOLVED,
    trial_boot: TrialBoot | Unavailable = NOT_BOOTED,
    choice: RollbackDecision | Unavailable = NOT_ASSESSED,
    backup: BackupEvidence = NO_BACKUP,
    site: Mapping[type, Any] | None = None,
    rehearsal: Rehearsal | Unavailable = NOT_REHEARSED,
    earlier_rehearsal: RehearsalEvidence | Unavailable = NO_REHEARSAL,
) -> tuple[CheckResult, ...]:
    """Run checks, and return one result for each check, in the same order.

    Args:
        facts: The facts of the installation.
        target: The release to upgrade to.
        catalog: The released versions, or why they could not be read.
        exclude: Ids of checks to skip.
        checks: The checks to run. All of them by default.
        expectations: The operator's expectations.
        resolution: The package set of the target, or why there is none.
        trial_boot: The started target, or why it was not started.
        choice: The rollback options, or why they were not evaluated.
        backup: What is known about the backup that the operator names.
        site: What the collectors of other packages have found, by type.
        rehearsal: The upgrade on a copy, or why it was not rehearsed.
        earlier_rehearsal: What an earlier run has shown on a copy, or why there is nothing.

    Raises:
        UnknownCheckError: ``exclude`` contains an id that no check has.
    """
    chosen = require_known_checks(exclude, checks)
    evidence = {
        **(site or {}),
        Target: target,
        Catalog: catalog,
        Expectations: expectations,
        Resolution: resolution,
        TrialBoot: trial_boot,
        RollbackDecision: choice,
        BackupEvidence: backup,
        Rehearsal: rehearsal,
        RehearsalEvidence: earlier_rehearsal,
    }
    results = (_run_check(check, facts, target, evidence, exclude) for check in chosen)
    return drop_superseded_findings(tuple(results))


def drop_superseded_findings(results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    """Drop the findings that a finding of at least the same severity supersedes."""
    superseding: dict[FindingRef, int] = {}
    for result in results:
        for finding in result.findings:
            rank = SEVERITY_RANK[finding.severity]
            for superseded in finding.supersedes:
                superseding[superseded] = max(rank, superseding.get(superseded, rank))
    return tuple(_drop_superseded(result, superseding) for result in results)


def _drop_superseded(result: CheckResult, superseding: Mapping[FindingRef, int]) -> CheckResult:
    findings = tuple(
        finding
        for finding in result.findings
        if superseding.get(FindingRef(result.check, finding.subject), -1)
        < SEVERITY_RANK[finding.severity]
    )
    if findings or not result.findings:
        return replace(result, findings=findings)
    reason = "other findings report the same causes"
    return replace(result, findings=(), status=Status.NOT_APPLICABLE, reason=reason)


def require_known_checks(
    ids: Collection[str], checks: Iterable[Check] | None = None
) -> tuple[Check, ...]:
    """Return the checks, all of them by default. Refuse ids that none of them has.

    Raises:
        UnknownCheckError: With the unknown ids and all known ones.
    """
    chosen = tuple(all_checks() if checks is None else checks)
    known_ids = [check.id for check in chosen]
    unknown = sorted(set(ids) - set(known_ids))
    if unknown:
        raise UnknownCheckError(
            f"No such check: {', '.join(unknown)}. Known checks: {', '.join(known_ids)}."
        )
    return chosen


def _run_check(
    check: Check,
    facts: Facts,
    target: Target,
    evidence: Mapping[type, Any],
    exclude: Collection[str],
) -> CheckResult:
    if check.id in exclude:
        return _build_result(check, Status.SKIPPED, "excluded on request")
    if check.crosses and not target.crosses(check.crosses):
        return _build_result(
            check,
            Status.NOT_APPLICABLE,
            f"the upgrade from {target.installed} to {target.version} does not cross "
            f"{check.crosses}",
        )
    findings: list[Finding] = []
    try:
        arguments = {
            name: _resolve_argument(hint, facts, evidence)
            for name, hint in check.input_types.items()
        }
        for finding in check(**arguments):
            findings.append(finding)
    except FactUnavailable as missing:
        return _build_result(check, Status.SKIPPED, str(missing), findings=tuple(findings))
    except NotApplicable as reason:
        if not findings:
            return _build_result(check, Status.NOT_APPLICABLE, str(reason))
        return _build_result(check, Status.CRASHED, str(reason), findings=tuple(findings))
    except Exception as error:  # noqa: BLE001 - a crashed check is a result, never a lost run
        text = mask_url_credentials(f"{type(error).__name__}: {error}")
        return _build_result(check, Status.CRASHED, text, findings=tuple(findings))
    status = Status.FAILED if findings else Status.PASSED
    return _build_result(check, status, findings=tuple(findings))


def _resolve_argument(hint: Any, facts: Facts, evidence: Mapping[type, Any]) -> Any:
    """Return the evidence of a type.

    Raises:
        FactUnavailable: The evidence is unavailable, and the type does not allow that.
    """
    kind, *alternatives = get_args(hint) or (hint,)
    value = evidence[kind] if kind in evidence else facts.get(kind)
    if isinstance(value, Unavailable) and Unavailable not in alternatives:
        raise FactUnavailable(value.reason)
    return value


def _build_result(
    check: Check, status: Status, reason: str = "", findings: tuple[Finding, ...] = ()
) -> CheckResult:
    return CheckResult(
        check=check.id,
        title=check.title,
        status=status,
        evidence_source=check.evidence_source,
        reason=reason,
        findings=findings,
        why=check.why,
    )
