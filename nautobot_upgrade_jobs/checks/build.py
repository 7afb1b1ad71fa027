"""Build a finding in one expression, so that a rule reads like a sentence.

``@check(phase=…, impact=…, see=…)`` declares what the findings of a check have in common. The
functions here take only what differs.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from .findings import Finding, FindingRef, Impact, Phase, Severity
from .remediation import Command, When

FROM_CHECK: Any = None
"""The value of a part that the check declares; `registry.Check.complete` replaces it."""


def finding(  # noqa: PLR0913 - the parts of one finding
    severity: Severity,
    subject: str,
    message: str,
    *,
    fix: str,
    when: When = FROM_CHECK,
    commands: tuple[Command, ...] = (),
    evidence: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    phase: Phase = FROM_CHECK,
    impact: Impact = FROM_CHECK,
    see: tuple[str, ...] = FROM_CHECK,
    supersedes: tuple[FindingRef, ...] = (),
) -> Finding:
    """Build a finding.

    Args:
        severity: The severity of the finding.
        subject: The thing concerned. Stable, and unique among the findings of the check.
        message: The problem, with number and name: one sentence that ends in a period.
        fix: The remediation, as imperative steps.
        when: The time of the remediation, if the check does not declare it.
        commands: The commands of the remediation.
        evidence: The observed rows, files or values.
        names: More names by which release notes mention the problem.
        phase: The phase in which it fails, if the check does not declare it.
        impact: The damage, if the check does not declare it.
        see: Documentation URLs, if the check does not declare them.
        supersedes: Less specific findings about the same cause.
    """
    return Finding(
        severity=severity,
        subject=subject,
        message=message,
        remediation=fix,
        phase=phase,
        impact=impact,
        when=when,
        commands=commands,
        evidence=evidence,
        names=names,
        references=see,
        supersedes=supersedes,
    )


blocker = partial(finding, Severity.BLOCKER)
"""Build a finding that makes the upgrade fail or lose data."""
warning = partial(finding, Severity.WARNING)
"""Build a finding that needs a decision."""
info = partial(finding, Severity.INFO)
"""Build a finding that needs no decision."""
