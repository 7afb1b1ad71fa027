"""Findings of checks, results of checks, and the verdict on all results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

from .remediation import Command, When


class Severity(str, Enum):
    """The severity of a finding."""

    INFO = "info"
    WARNING = "warning"
    BLOCKER = "blocker"


class Phase(str, Enum):
    """The step of the upgrade at which a problem occurs."""

    BOOT = "boot"
    MIGRATE = "migrate"
    POST_UPGRADE = "post_upgrade"
    RUNTIME = "runtime"
    ROLLBACK = "rollback"


class Impact(str, Enum):
    """The consequence of a problem."""

    NONE = "none"
    DATA_LOSS = "data_loss"
    OUTAGE = "outage"
    FEATURE_LOSS = "feature_loss"
    UNKNOWN = "unknown"


class Status(str, Enum):
    """The outcome of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    SKIPPED = "skipped"
    CRASHED = "crashed"


class Verdict(str, Enum):
    """The answer to "may I upgrade?"."""

    GO = "go"
    CAUTION = "caution"
    BLOCKED = "blocked"
    INCOMPLETE = "incomplete"
    UP_TO_DATE = "up_to_date"
    """The target is installed, and the upgrade would change nothing."""

    @property
    def label(self) -> str:
        """The verdict as reports show it, such as ``UP TO DATE``."""
        return self.value.replace("_", " ").upper()


NOT_CHECKED = "not checked"
"""Subject of an acceptance of a check that cannot run on this installation."""


class FindingRef(NamedTuple):
    """The check and the subject that identify a finding."""

    check: str
    subject: str

    @property
    def key(self) -> str:
        """The stable name of the finding: ``check.id:subject``."""
        return f"{self.check}:{' '.join(self.subject.split())}"


@dataclass(frozen=True)
class Finding:
    """A problem that an operator should know or fix.

    ``subject`` names the thing concerned. With the check's id it is the finding's key, so it must
    not contain anything that changes from run to run.
    """

    severity: Severity
    subject: str
    message: str
    remediation: str
    phase: Phase
    impact: Impact
    when: When = When.NOW
    """The time at which to carry out the remediation."""
    commands: tuple[Command, ...] = ()
    """The exact commands of the remediation. None if it is a decision."""
    evidence: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """More names by which release notes mention the problem."""
    references: tuple[str, ...] = ()
    supersedes: tuple[FindingRef, ...] = ()
    """Less specific findings about the same cause. The runner drops them."""

    @property
    def stops_upgrade(self) -> bool:
        """Whether the target does not start, or ``migrate`` stops, until the problem is fixed."""
        is_certain = self.severity is Severity.BLOCKER and self.impact is Impact.OUTAGE
        return is_certain and self.phase in (Phase.BOOT, Phase.MIGRATE)


@dataclass(frozen=True)
class Acceptance:
    """A decision to accept a finding. It expires by date and when the target changes."""

    finding: str
    """Key of the finding: ``check.id:subject``."""
    reason: str
    who: str
    until: date
    target: str

    @property
    def decision(self) -> str:
        """Who decided, until when, and why."""
        return f"by {self.who} until {self.until}: {self.reason}"

    def is_active(self, *, today: date, target: str) -> bool:
        """Return whether the acceptance is valid today and for this target."""
        return today <= self.until and target == self.target


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check."""

    check: str
    title: str
    status: Status
    evidence_source: str
    """The evidence behind the result: ``facts``, ``data``, ``index`` or ``target``."""
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    why: str = ""
    """Why the check matters."""

    @property
    def topic(self) -> str:
        """The topic: the first part of the check's id."""
        return self.check.partition(".")[0]

    def key(self, finding: Finding) -> str:
        """Return the stable name of one of this result's findings."""
        return FindingRef(self.check, finding.subject).key

    @property
    def not_checked_key(self) -> str:
        """The name by which an operator accepts that the check cannot run. A crash has none."""
        is_unchecked = self.status is Status.SKIPPED
        return FindingRef(self.check, NOT_CHECKED).key if is_unchecked else ""


def compute_verdict(
    results: Iterable[CheckResult], accepted: frozenset[str] = frozenset()
) -> Verdict:
    """Compute the verdict of a run.

    Args:
        results: The results of all checks of the run.
        accepted: Keys of accepted findings.

    Returns:
        BLOCKED if a blocker is not accepted. Otherwise INCOMPLETE if a check was skipped or
        crashed and this is not accepted, or if none passed or failed. Otherwise CAUTION for a
        warning that is not accepted, an accepted blocker, or an accepted check that could not run.
        Otherwise GO.
    """
    results = tuple(results)
    open_severities: set[Severity] = set()
    accepted_severities: set[Severity] = set()
    for result in results:
        for finding in result.findings:
            is_accepted = result.key(finding) in accepted
            (accepted_severities if is_accepted else open_severities).add(finding.severity)
    statuses = {result.status for result in results if result.not_checked_key not in accepted}
    if Severity.BLOCKER in open_severities:
        return Verdict.BLOCKED
    answered = statuses & {Status.PASSED, Status.FAILED}
    if statuses & {Status.SKIPPED, Status.CRASHED} or not answered:
        return Verdict.INCOMPLETE
    is_partial = any(result.not_checked_key in accepted for result in results)
    if is_partial or Severity.WARNING in open_severities or Severity.BLOCKER in accepted_severities:
        return Verdict.CAUTION
    return Verdict.GO
