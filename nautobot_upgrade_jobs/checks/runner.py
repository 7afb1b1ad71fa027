"""Runs checks over facts; the one place where a crash of a check becomes a result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from ..catalog import Catalog
from ..catalog.target_release import Target
from ..facts import Facts, FactUnavailable, Unavailable
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from ..rollback.options import Choice
from .expectation_parser import NO_EXPECTATIONS, Expectations
from .findings import CheckResult, Finding, Severity, Status
from .registry import Check, NotApplicable, all_checks

NOT_RESOLVED = Unavailable("the package index was not asked")
NOT_BOOTED = Unavailable("the target was not built")
NOT_ASSESSED = Unavailable("no way back was looked for")


class UnknownCheckError(ValueError):
    """A check was named that does not exist; the message lists those that do."""


def run_checks(  # noqa: PLR0913 - what is known, and what of it to judge
    facts: Facts,
    target: Target,
    catalog: Catalog | Unavailable,
    exclude: Collection[str] = (),
    checks: Iterable[Check] | None = None,
    expectations: Expectations = NO_EXPECTATIONS,
    resolution: Resolution | Unavailable = NOT_RESOLVED,
    trial_boot: TrialBoot | Unavailable = NOT_BOOTED,
    choice: Choice | Unavailable = NOT_ASSESSED,
) -> tuple[CheckResult, ...]:
    """Run every check.

    Args:
        facts: What is known of the installation.
        target: Where it is to go.
        catalog: What is known of released versions, or why it could not be read.
        exclude: Ids of checks to leave out; they are reported as skipped.
        checks: The checks to run; all of them by default.
        expectations: What the operator expects by name.
        resolution: What the package index offers for the target, or why nobody asked it.
        trial_boot: What the target is when it starts, or why nobody started it.
        choice: The ways back, or why nobody looked for one.

    Returns:
        One result for each check, in the order of their ids.

    Raises:
        UnknownCheckError: ``exclude`` names a check that does not exist.
    """
    chosen = tuple(all_checks() if checks is None else checks)
    require_known_checks(exclude, chosen)
    given = {
        Target: target,
        Catalog: catalog,
        Expectations: expectations,
        Resolution: resolution,
        TrialBoot: trial_boot,
        Choice: choice,
    }
    return drop_superseded_findings(
        tuple(
            _build_skipped_result(one, "left out of this run on request")
            if one.id in exclude
            else _run_check(one, facts, target, given)
            for one in chosen
        )
    )


def drop_superseded_findings(results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    """Leave out findings of whose cause another one tells, and says more: one cause, one finding.

    Args:
        results: What the checks found. A finding is covered only by one that weighs as much.
    """
    covering = [
        (check, word, one.severity)
        for result in results
        for one in result.findings
        for check, word in one.supersedes
    ]
    return tuple(_drop_superseded(result, covering) for result in results)


def _drop_superseded(
    result: CheckResult, covering: Iterable[tuple[str, str, Severity]]
) -> CheckResult:
    weights = list(Severity)
    findings = tuple(
        one
        for one in result.findings
        if not any(
            check == result.check
            and word in f"{one.subject} {one.message}"
            and weights.index(one.severity) <= weights.index(severity)
            for check, word, severity in covering
        )
    )
    if findings or not result.findings:
        return replace(result, findings=findings)
    reason = "other findings tell of the same causes"
    return replace(result, findings=(), status=Status.NOT_APPLICABLE, reason=reason)


def require_known_checks(ids: Collection[str], checks: Iterable[Check] | None = None) -> None:
    """Refuse ids that no check has.

    Raises:
        UnknownCheckError: With the unknown ids and all known ones.
    """
    known_ids = [one.id for one in (all_checks() if checks is None else checks)]
    unknown = sorted(set(ids) - set(known_ids))
    if unknown:
        raise UnknownCheckError(
            f"No such check: {', '.join(unknown)}. Known checks: {', '.join(known_ids)}."
        )


def _run_check(one: Check, facts: Facts, target: Target, given: Mapping[type, Any]) -> CheckResult:
    if one.crosses and not target.crosses(one.crosses):
        return _build_result(
            one,
            Status.NOT_APPLICABLE,
            f"the upgrade from {target.installed} to {target.version} does not pass {one.crosses}",
        )
    try:
        arguments = {
            name: _resolve_argument(kind, facts, given) for name, kind in one.input_types.items()
        }
        findings = tuple(one.function(**arguments))
    except FactUnavailable as missing:
        return _build_skipped_result(one, str(missing))
    except NotApplicable as why:
        return _build_result(one, Status.NOT_APPLICABLE, str(why))
    except Exception as error:  # noqa: BLE001 - a crashed check is a result, never a lost run
        return _build_result(one, Status.CRASHED, f"{type(error).__name__}: {error}")
    return _build_result(one, Status.FAILED if findings else Status.PASSED, findings=findings)


def _resolve_argument(kind: Any, facts: Facts, given: Mapping[type, Any]) -> Any:
    """Return what a check asks for; one that asks for it or Unavailable does without, too."""
    wanted, *optional = get_args(kind) or (kind,)
    value = given[wanted] if wanted in given else facts.get(wanted)
    if isinstance(value, Unavailable) and Unavailable not in optional:
        raise FactUnavailable(value.reason)
    return value


def _build_skipped_result(one: Check, reason: str) -> CheckResult:
    return _build_result(one, Status.SKIPPED, reason)


def _build_result(
    one: Check, status: Status, reason: str = "", findings: tuple[Finding, ...] = ()
) -> CheckResult:
    return CheckResult(one.id, one.title, status, one.evidence_source, reason, findings, one.why)
