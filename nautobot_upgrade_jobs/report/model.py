"""The report of a run, independent of its output format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..checks.findings import Acceptance, CheckResult, Phase, Severity, Status, Verdict
from ..checks.release_notes import TriagedNote
from ..common.files import build_file_stem
from ..facts.prediction import PredictionScore
from ..facts.rehearsal import Rehearsal, RehearsalRecord
from ..rollback.options import RollbackDecision
from ..runbook.steps import EMPTY_RUNBOOK, Runbook
from ..snapshot.compare import Change, ChangeKind
from ..upgrade.overview import UpgradeOverview
from ..upgrade.package_changes import PackageChange
from ..upgrade.prediction_score import describe_score
from .reported_finding import FindingGroup, ReportedFinding
from .verdict_text import (
    CHOOSE_TARGET,
    EVIDENCE_SOURCES,
    FIX_BEFORE_NEXT_UPGRADE,
    FULL_RUN,
    HEADLINES,
    NEXT_STEPS,
    describe_partial_run,
)

AFFECTED = "Affects this installation"
NEEDS_READING = "To read"
UNAFFECTED = "Does not affect this installation"
MUST_READ_KINDS = ("action", "breaking", "removed", "deprecated")
NOTE_GROUPS = (AFFECTED, NEEDS_READING, "Changed", "Security", "Dependencies", UNAFFECTED)
SEVERITY_ORDER = (Severity.BLOCKER, Severity.WARNING, Severity.INFO)
PHASE_ORDER = tuple(Phase)
TOOL_NAME = "nautobot-upgrade-jobs"


def _classify_note(triaged: TriagedNote) -> str:
    if triaged.findings:
        return AFFECTED
    if triaged.not_applicable_reason:
        return UNAFFECTED
    kind = triaged.note.kind
    return NEEDS_READING if kind in MUST_READ_KINDS else kind.capitalize()


@dataclass(frozen=True)
class Report:
    """The result of one run."""

    kind: str
    """The Job in one word, such as ``preflight`` or ``verify``."""
    instance: str
    created: datetime
    """Time of the run, in UTC."""
    current: str
    """Label of the inspected state, such as ``Nautobot 2.4.44``."""
    target: str
    """Label of the target, such as ``Nautobot 3.2.7``. Equal to ``current`` without a target."""
    installed_version: str
    """Version of Nautobot behind ``current``. Empty if unknown."""
    target_version: str
    """Version of Nautobot behind ``target``. Empty if unknown."""
    verdict: Verdict
    results: tuple[CheckResult, ...]
    migrations: tuple[str, ...] | None
    """Pending migrations, only Nautobot's own if the target was not started. None if unknown."""
    tool_version: str
    """Version of nautobot-upgrade-jobs."""
    catalog: str
    migration_seconds: tuple[float, float] | None = None
    """Lower and upper bound of the duration of the migrations. None if unknown."""
    packages: tuple[PackageChange, ...] | None = None
    """Packages that the upgrade changes. None if the package index was not queried."""
    package_files: Mapping[str, str] = field(default_factory=dict)
    """Requirements files for pip by name, such as ``constraints.txt``."""
    runbook: Runbook = EMPTY_RUNBOOK
    """The runbook of the maintenance window. Without steps if there is nothing to do."""
    rollback_decision: RollbackDecision | None = None
    """The rollback options, if the report covers a rollback."""
    database_state: str = ""
    """The state that the database must have when the script starts."""
    release_notes: tuple[TriagedNote, ...] | None = None
    """Release notes from the installed version to the target. None if they were not read."""
    notes_unavailable_reason: str = ""
    distributions_without_notes: tuple[str, ...] = ()
    """Distributions that change and contain no release notes."""
    overview: UpgradeOverview | None = None
    """Overview of the planned upgrade."""
    rehearsal: Rehearsal | None = None
    """The upgrade on a copy of the data, if the report covers one."""
    rehearsal_record: RehearsalRecord | None = None
    """The file that later runs read. None if the upgrade of the copy was not reached."""
    prediction_score: PredictionScore | None = None
    """The comparison of the finished upgrade with its Preflight, if there is one."""
    baseline: str = ""
    changes: tuple[Change, ...] = ()
    """All differences between two snapshots. Each unexpected difference is also a finding."""
    active_acceptances: dict[str, Acceptance] = field(default_factory=dict)
    """Valid acceptances by finding key."""
    lapsed_acceptances: tuple[Acceptance, ...] = ()
    refused_acceptances: tuple[Acceptance, ...] = ()
    """Valid acceptances of findings that stop the upgrade. They have no effect."""
    unmatched_acceptances: tuple[Acceptance, ...] = ()
    """Valid acceptances that match no finding of this run, or more than one."""
    only: tuple[str, ...] = ()
    """Ids of the only checks of this run. Empty if it ran all checks."""
    seconds: float = 0.0
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage of the run. Empty if the run has only one stage."""

    @property
    def tool(self) -> str:
        """The name and version of this tool."""
        return f"{TOOL_NAME} {self.tool_version}"

    @property
    def headline(self) -> str:
        """The verdict as a sentence."""
        if self.only:
            found = sum(len(self.unaccepted(severity)) for severity in SEVERITY_ORDER)
            unused = len(self.results_with_status(Status.NOT_APPLICABLE))
            return describe_partial_run(len(self.only), found, len(self.not_checked), unused)
        if self.scheduled and self.verdict is Verdict.CAUTION:
            count = len(self.scheduled)
            fixes = f"{count} {'fix' if count == 1 else 'fixes'}"
            return f"The upgrade can go ahead with {fixes} in the maintenance window."
        if self.verdict is Verdict.UP_TO_DATE:
            return f"Nothing to upgrade: {self.target} is already running."
        return HEADLINES[self.kind][self.verdict]

    @property
    def next_step(self) -> str:
        """The next step, as a sentence."""
        if self.only:
            return FULL_RUN
        if self.verdict is Verdict.UP_TO_DATE:
            is_blocked = bool(self.unaccepted(Severity.BLOCKER))
            return f"{FIX_BEFORE_NEXT_UPGRADE} {CHOOSE_TARGET}" if is_blocked else CHOOSE_TARGET
        return NEXT_STEPS[self.kind][self.verdict]

    @property
    def has_nothing_to_upgrade(self) -> bool:
        """Whether the target is installed, and it is known that there is nothing to do.

        Without a plan, no App changes. Other releases of libraries alone are no upgrade. What stops
        the start or the use of the installed release, or concerns its packages and migrations, is
        still a blocker. What only a migration would meet is none.
        """
        is_installed = self.installed_version == self.target_version
        is_resolved = self.packages is not None
        is_unchanged = is_resolved and self.migrations == () and not self.runbook.steps
        is_stopped = any(
            reported.finding.phase in (Phase.BOOT, Phase.RUNTIME) or reported.topic == "migrations"
            for reported in self.unaccepted(Severity.BLOCKER)
        )
        is_answered = self.verdict is not Verdict.INCOMPLETE and not is_stopped
        return self.is_preflight and is_installed and is_unchanged and is_answered

    @property
    def subject(self) -> str:
        """The states that the report covers, for use in a sentence."""
        return self.current if self.current == self.target else f"{self.current} to {self.target}"

    @property
    def labels(self) -> dict[str, str]:
        """The states that the report covers, by heading."""
        if self.current != self.target:
            return {"From": self.current, "To": self.target}
        score = describe_score(self.prediction_score)
        named = {"Release": self.current, "Compared with": self.baseline, "Prediction": score}
        return {name: text for name, text in named.items() if text}

    @property
    def is_preflight(self) -> bool:
        """Whether the report covers a planned upgrade."""
        return self.kind == "preflight"

    @property
    def notes_by_group(self) -> dict[str, tuple[TriagedNote, ...]]:
        """The release notes by group, in reading order."""
        groups: dict[str, tuple[TriagedNote, ...]] = {}
        for triaged in self.release_notes or ():
            group = _classify_note(triaged)
            groups[group] = (*groups.get(group, ()), triaged)
        return dict(sorted(groups.items(), key=lambda item: NOTE_GROUPS.index(item[0])))

    @property
    def expected_changes(self) -> dict[str, tuple[Change, ...]]:
        """Expected changes by section."""
        sections: dict[str, tuple[Change, ...]] = {}
        for change in self.changes:
            if change.kind is ChangeKind.EXPECTED:
                sections[change.section] = (*sections.get(change.section, ()), change)
        return sections

    def findings(self) -> Iterator[ReportedFinding]:
        """Yield all findings, worst severity first. Then earlier phases, which contain causes."""
        for severity in SEVERITY_ORDER:
            found = [
                (result, finding)
                for result in self.results
                for finding in result.findings
                if finding.severity is severity
            ]
            for result, finding in sorted(found, key=lambda each: PHASE_ORDER.index(each[1].phase)):
                key = result.key(finding)
                yield ReportedFinding(
                    key=key,
                    topic=result.topic,
                    check=result.check,
                    expected=result.title,
                    why=result.why,
                    finding=finding,
                    acceptance=self.active_acceptances.get(key),
                    is_planned=self.is_preflight,
                )

    def unaccepted(self, severity: Severity) -> tuple[ReportedFinding, ...]:
        """Return the unaccepted findings of a severity."""
        return tuple(
            reported
            for reported in self.findings()
            if reported.finding.severity is severity and reported.acceptance is None
        )

    def groups(self, severity: Severity) -> tuple[FindingGroup, ...]:
        """Return the unaccepted findings of a severity by check, in their order."""
        by_check: dict[str, list[ReportedFinding]] = {}
        for reported in self.unaccepted(severity):
            by_check.setdefault(reported.check, []).append(reported)
        return tuple(FindingGroup(found[0], len(found)) for found in by_check.values())

    @property
    def scheduled(self) -> tuple[ReportedFinding, ...]:
        """The accepted findings that stop the upgrade unless the plan's step fixes them."""
        return tuple(reported for reported in self.findings() if reported.is_scheduled)

    def results_with_status(self, *statuses: Status) -> tuple[CheckResult, ...]:
        """Return the results that have one of the statuses."""
        return tuple(result for result in self.results if result.status in statuses)

    @property
    def not_checked(self) -> tuple[CheckResult, ...]:
        """Results of checks that could not run."""
        return self.results_with_status(Status.SKIPPED, Status.CRASHED)

    def describe_not_checked(self, result: CheckResult) -> str:
        """Return why a check could not run, and who accepted this."""
        accepted = self.active_acceptances.get(result.not_checked_key)
        if accepted is None:
            return result.reason
        return f"{result.reason} (accepted {accepted.decision})"

    @property
    def not_checked_reasons(self) -> dict[str, int]:
        """By reason: the number of checks that could not run. The most frequent reason is first."""
        return dict(Counter(result.reason for result in self.not_checked).most_common())

    @property
    def is_fully_checked(self) -> bool:
        """Whether the section 'Not checked' is empty."""
        return not (
            self.not_checked
            or self.lapsed_acceptances
            or self.unmatched_acceptances
            or self.unused_sources
        )

    @property
    def unused_sources(self) -> dict[str, str]:
        """Evidence sources that this run did not use, with their descriptions."""
        if not self.is_preflight:
            return {}
        answered = self.results_with_status(Status.PASSED, Status.FAILED)
        used = {result.evidence_source for result in self.results if result not in self.not_checked}
        # A check of a rehearsal is not applicable because there is none.
        used -= {"rehearsal"} - {result.evidence_source for result in answered}
        return {name: text for name, text in EVIDENCE_SOURCES.items() if name not in used}

    @property
    def counts(self) -> dict[str, int]:
        """Number of unaccepted findings by severity, and number of accepted findings."""
        counts = {severity.value: len(self.unaccepted(severity)) for severity in SEVERITY_ORDER}
        return counts | {"accepted": sum(1 for reported in self.findings() if reported.acceptance)}

    @property
    def file_stem(self) -> str:
        """Name of this run's files without extension."""
        return build_file_stem(self.kind, self.instance, self.created)
