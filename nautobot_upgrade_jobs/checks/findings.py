"""What a check yields, and what the runner makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum


class Severity(str, Enum):
    """How much a finding weighs."""

    INFO = "info"
    WARNING = "warning"
    BLOCKER = "blocker"


class Phase(str, Enum):
    """When a finding would bite."""

    BOOT = "boot"
    MIGRATE = "migrate"
    POST_UPGRADE = "post_upgrade"
    RUNTIME = "runtime"
    ROLLBACK = "rollback"


class Impact(str, Enum):
    """What a finding would cost."""

    NONE = "none"
    DATA_LOSS = "data_loss"
    OUTAGE = "outage"
    FEATURE_LOSS = "feature_loss"
    PERFORMANCE = "performance"
    UNKNOWN = "unknown"


class Status(str, Enum):
    """How a check ended."""

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


@dataclass(frozen=True)
class Finding:
    """One thing that an operator should know or do, in full.

    ``subject`` names the thing concerned; with the check's id it is the finding's key, so it must
    not hold anything that changes from run to run.
    """

    severity: Severity
    subject: str
    message: str
    remediation: str
    phase: Phase
    impact: Impact
    commands: tuple[str, ...] = ()
    """Exact shell commands or configuration lines."""
    evidence: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    supersedes: tuple[tuple[str, str], ...] = ()
    """Findings that tell of the same cause, and say less: their check, and a word in them."""


@dataclass(frozen=True)
class Acceptance:
    """A decision to live with a finding; it lapses by date and when the target changes."""

    finding: str
    """Key of the finding: ``check.id:subject``."""
    reason: str
    who: str
    until: date
    target: str

    def is_active(self, *, today: date, target: str) -> bool:
        """Tell whether the acceptance counts today and for this target."""
        return today <= self.until and target == self.target


@dataclass(frozen=True)
class CheckResult:
    """What became of one check."""

    check: str
    title: str
    status: Status
    evidence_source: str
    """``facts``, ``data``, ``target`` or ``rehearsal``: what the result rests on."""
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    why: str = ""
    """Why the check matters."""

    @property
    def topic(self) -> str:
        """The part of the id that names the topic."""
        return self.check.partition(".")[0]

    def key(self, finding: Finding) -> str:
        """Return the stable name of one of this result's findings."""
        return f"{self.check}:{' '.join(finding.subject.split())}"


def compute_verdict(
    results: Iterable[CheckResult], accepted: frozenset[str] = frozenset()
) -> Verdict:
    """Weigh all results.

    Args:
        results: What every check of the run ended with.
        accepted: Keys of findings that somebody decided to live with.

    Returns:
        BLOCKED if a blocker stands; else INCOMPLETE if any check could not answer or none ran;
        else CAUTION for a warning or an accepted blocker; GO only if nothing of this holds.
    """
    results = tuple(results)
    open_: set[Severity] = set()
    lived_with: set[Severity] = set()
    for result in results:
        for finding in result.findings:
            bucket = lived_with if result.key(finding) in accepted else open_
            bucket.add(finding.severity)
    statuses = {result.status for result in results}
    if Severity.BLOCKER in open_:
        return Verdict.BLOCKED
    answered = statuses & {Status.PASSED, Status.FAILED}
    if statuses & {Status.SKIPPED, Status.CRASHED} or not answered:
        return Verdict.INCOMPLETE
    if Severity.WARNING in open_ or Severity.BLOCKER in lived_with:
        return Verdict.CAUTION
    return Verdict.GO
