"""What a run has to say, whatever format it is said in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..checks.findings import Acceptance, CheckResult, Finding, Severity, Status, Verdict
from ..checks.release_notes import TriagedNote
from ..rollback.options import Choice
from ..runbook.upgrade import Step
from ..snapshot.compare import Change, Kind
from ..upgrade.overview import Outlook
from ..upgrade.package_changes import PackageChange
from .verdict_text import HEADLINES, NEXT_STEPS

EVIDENCE_SOURCES = {
    "facts": "what was read of the installation and its configuration",
    "data": "read-only queries over the live rows",
    "index": "the package index, for a set of releases that goes together",
    "target": "the release to come, built and started beside the installation",
    "rehearsal": "the upgrade itself, run on a copy of the data",
}
AFFECTED = "Touches this installation"
NEEDS_READING = "To read"
UNAFFECTED = "Does not concern this installation"
MUST_READ_KINDS = ("action", "breaking", "removed", "deprecated")
NOTE_GROUPS = (AFFECTED, NEEDS_READING, "Changed", "Security", "Dependencies", UNAFFECTED)
SEVERITY_ORDER = (Severity.BLOCKER, Severity.WARNING, Severity.INFO)


def build_file_stem(kind: str, instance: str, created: datetime) -> str:
    """Return the name of a run's files without their ending; safe on every file system."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", instance).strip("-.") or "nautobot"
    return f"{kind}-{safe[:60]}-{created:%Y%m%dT%H%M%SZ}"


def _classify_note(one: TriagedNote) -> str:
    if one.findings:
        return AFFECTED
    if one.not_applicable_reason:
        return UNAFFECTED
    return NEEDS_READING if one.note.kind in MUST_READ_KINDS else one.note.kind.capitalize()


@dataclass(frozen=True)
class ReportedFinding:
    """A finding in its place: the check it comes from, and who has accepted it."""

    key: str
    topic: str
    check: str
    expected: str
    """What the check expects, in one sentence."""
    why: str
    finding: Finding
    acceptance: Acceptance | None


STATE_COMMAND = "nautobot-server upgrade_jobs state"


@dataclass(frozen=True)
class Report:
    """The outcome of one run."""

    kind: str
    """``preflight``, ``verify``, …: the Job in one word."""
    instance: str
    created: datetime
    """UTC."""
    current: str
    """Label of the state that was looked at, such as ``Nautobot 2.4.44``."""
    target: str
    verdict: Verdict
    results: tuple[CheckResult, ...]
    migrations: tuple[str, ...] | None
    """Those that the upgrade will apply, of core alone unless the target was started; None if the
    target's set is not known, or if the report is not about an upgrade to come."""
    tool: str
    catalog: str
    packages: tuple[PackageChange, ...] | None = None
    """What the upgrade changes in the environment; None if the package index was not asked."""
    constraints: str = ""
    """The resolved set, or the one to go back to, for pip."""
    steps: tuple[Step, ...] = ()
    """The runbook of the window."""
    rollback_decision: Choice | None = None
    """The ways back, if the report is about one."""
    database_state: str = ""
    """What the database can be told by when the steps are gone."""
    state_command: str = STATE_COMMAND
    """The command that tells it, as it is run here."""
    release_notes: tuple[TriagedNote, ...] | None = None
    """What the release notes on the way say; None if nobody has read them."""
    notes_unavailable_reason: str = ""
    distributions_without_notes: tuple[str, ...] = ()
    """Distributions that change, and ship none."""
    overview: Outlook | None = None
    """What an upgrade to come looks like from afar."""
    baseline: str = ""
    changes: tuple[Change, ...] = ()
    """Everything that differs between two snapshots; what was not to be expected is a finding."""
    active_acceptances: dict[str, Acceptance] = field(default_factory=dict)
    """Acceptances that hold, by finding key."""
    lapsed_acceptances: tuple[Acceptance, ...] = ()
    unmatched_acceptances: tuple[Acceptance, ...] = ()
    """Acceptances that hold, but for no finding of this run, or for more than one."""
    seconds: float = 0.0

    @property
    def headline(self) -> str:
        """The verdict as a sentence."""
        if self._is_already_upgraded:
            found = (
                "Nothing wrong was found." if self.verdict is Verdict.GO else "Read the warnings."
            )
            return f"Nothing to upgrade: {self.target} is what runs. {found}"
        return HEADLINES[self.kind][self.verdict]

    @property
    def next_step(self) -> str:
        """What to do now, as a sentence."""
        if self._is_already_upgraded:
            return "For another release, run Preflight with that target."
        return NEXT_STEPS[self.kind][self.verdict]

    @property
    def _is_already_upgraded(self) -> bool:
        stands = self.verdict in (Verdict.GO, Verdict.CAUTION)
        return self.is_preflight and stands and self.current == self.target

    @property
    def subject(self) -> str:
        """The states that the report is about, as a sentence names them."""
        return self.current if self.current == self.target else f"{self.current} to {self.target}"

    @property
    def labels(self) -> dict[str, str]:
        """The states that the report is about, by their names."""
        if self.current != self.target:
            return {"From": self.current, "To": self.target}
        since = {"Compared with": self.baseline} if self.baseline else {}
        return {"Release": self.current, **since}

    @property
    def is_preflight(self) -> bool:
        """Whether the report is about an upgrade to come."""
        return self.kind == "preflight"

    @property
    def notes_by_group(self) -> dict[str, tuple[TriagedNote, ...]]:
        """The release notes by what to do with them, in the order in which to read them."""
        found: dict[str, tuple[TriagedNote, ...]] = {}
        for one in self.release_notes or ():
            group = _classify_note(one)
            found[group] = (*found.get(group, ()), one)
        return dict(sorted(found.items(), key=lambda item: NOTE_GROUPS.index(item[0])))

    @property
    def expected_changes(self) -> dict[str, tuple[Change, ...]]:
        """Changes that were to be expected, by section."""
        found: dict[str, tuple[Change, ...]] = {}
        for one in self.changes:
            if one.kind is Kind.EXPECTED:
                found[one.section] = (*found.get(one.section, ()), one)
        return found

    def findings(self) -> Iterator[ReportedFinding]:
        """Yield all findings, the worst first, then in the order of their checks."""
        for severity in SEVERITY_ORDER:
            for result in self.results:
                for finding in result.findings:
                    if finding.severity is severity:
                        key = result.key(finding)
                        yield ReportedFinding(
                            key=key,
                            topic=result.topic,
                            check=result.check,
                            expected=result.title,
                            why=result.why,
                            finding=finding,
                            acceptance=self.active_acceptances.get(key),
                        )

    def unaccepted(self, severity: Severity) -> tuple[ReportedFinding, ...]:
        """Return the findings of a severity that nobody has accepted."""
        return tuple(
            one
            for one in self.findings()
            if one.finding.severity is severity and one.acceptance is None
        )

    def results_with_status(self, *statuses: Status) -> tuple[CheckResult, ...]:
        """Return the results that ended so."""
        return tuple(result for result in self.results if result.status in statuses)

    @property
    def not_checked(self) -> tuple[CheckResult, ...]:
        """Checks that should have answered and could not."""
        return self.results_with_status(Status.SKIPPED, Status.CRASHED)

    @property
    def not_checked_reasons(self) -> dict[str, int]:
        """Why checks could not answer: the number of checks by reason, the commonest first."""
        return dict(Counter(result.reason for result in self.not_checked).most_common())

    @property
    def is_fully_checked(self) -> bool:
        """Whether there is nothing to say under 'Not checked'."""
        return not (
            self.not_checked
            or self.lapsed_acceptances
            or self.unmatched_acceptances
            or self.unused_sources
        )

    @property
    def unused_sources(self) -> dict[str, str]:
        """Engines that no result of this run rests on, and what each would have looked at."""
        if not self.is_preflight:
            return {}
        used = {result.evidence_source for result in self.results if result not in self.not_checked}
        return {name: text for name, text in EVIDENCE_SOURCES.items() if name not in used}

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity, accepted ones left out, and of those accepted."""
        counts = {severity.value: len(self.unaccepted(severity)) for severity in SEVERITY_ORDER}
        return counts | {"accepted": sum(1 for one in self.findings() if one.acceptance)}

    @property
    def file_stem(self) -> str:
        """Name of this run's files without their ending; safe on every file system."""
        return build_file_stem(self.kind, self.instance, self.created)
