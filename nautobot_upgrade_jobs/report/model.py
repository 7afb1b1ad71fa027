"""What a run has to say, whatever format it is said in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..checks.findings import Acceptance, CheckResult, Finding, Severity, Status, Verdict

ENGINES = {
    "facts": "what was read of the installation and its configuration",
    "data": "read-only queries over the live rows",
    "target": "the release to come, built and started beside the installation",
    "rehearsal": "the upgrade itself, run on a copy of the data",
}
ORDER = (Severity.BLOCKER, Severity.WARNING, Severity.INFO)
HEADLINES = {
    Verdict.GO: "Nothing found that speaks against the upgrade.",
    Verdict.CAUTION: "The upgrade can go ahead; read the warnings first.",
    Verdict.BLOCKED: "Do not upgrade yet.",
    Verdict.INCOMPLETE: "No answer yet: some checks could not look.",
}


def file_stem(kind: str, instance: str, created: datetime) -> str:
    """Return the name of a run's files without their ending; safe on every file system."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", instance).strip("-.") or "nautobot"
    return f"{kind}-{safe[:60]}-{created:%Y%m%dT%H%M%SZ}"


NEXT_STEPS = {
    Verdict.GO: "Take a backup and restore it once elsewhere; then stop beat and workers, install "
    "the target, run `nautobot-server post_upgrade`, and start web, worker and beat again.",
    Verdict.CAUTION: "Decide about each warning. Then take a backup and restore it once elsewhere, "
    "stop beat and workers, install the target, run `nautobot-server post_upgrade`, and start web, "
    "worker and beat again.",
    Verdict.BLOCKED: "Mend the blockers from the top and run Preflight again, until none is left. "
    "Only then take the backup and upgrade.",
    Verdict.INCOMPLETE: "Give the checks under 'Not checked' what they need, and run Preflight "
    "again.",
}


@dataclass(frozen=True)
class Reported:
    """A finding in its place: the check it comes from, and who has accepted it."""

    key: str
    topic: str
    check: str
    expected: str
    """What the check expects, in one sentence."""
    why: str
    finding: Finding
    acceptance: Acceptance | None


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
    """Core migrations that the upgrade will apply; None if the target's set is not known."""
    tool: str
    catalog: str
    baseline: str = ""
    accepted: dict[str, Acceptance] = field(default_factory=dict)
    """Acceptances that hold, by finding key."""
    lapsed: tuple[Acceptance, ...] = ()
    unmatched: tuple[Acceptance, ...] = ()
    """Acceptances that hold, but for no finding of this run, or for more than one."""
    seconds: float = 0.0

    @property
    def headline(self) -> str:
        """The verdict as a sentence."""
        if self._is_there:
            return f"Nothing to upgrade: {self.target} is what runs. Nothing wrong was found."
        return HEADLINES[self.verdict]

    @property
    def next_step(self) -> str:
        """What to do now, as a sentence."""
        if self._is_there:
            return "Nothing to do. For another release, run Preflight with that target."
        return NEXT_STEPS[self.verdict]

    @property
    def _is_there(self) -> bool:
        return self.verdict is Verdict.GO and self.current == self.target

    def findings(self) -> Iterator[Reported]:
        """Yield all findings, the worst first, then in the order of their checks."""
        for severity in ORDER:
            for result in self.results:
                for finding in result.findings:
                    if finding.severity is severity:
                        key = result.key(finding)
                        yield Reported(
                            key=key,
                            topic=result.topic,
                            check=result.check,
                            expected=result.title,
                            why=result.why,
                            finding=finding,
                            acceptance=self.accepted.get(key),
                        )

    def open(self, severity: Severity) -> tuple[Reported, ...]:
        """Return the findings of a severity that nobody has accepted."""
        return tuple(
            one
            for one in self.findings()
            if one.finding.severity is severity and one.acceptance is None
        )

    def with_status(self, *statuses: Status) -> tuple[CheckResult, ...]:
        """Return the results that ended so."""
        return tuple(result for result in self.results if result.status in statuses)

    @property
    def not_checked(self) -> tuple[CheckResult, ...]:
        """Checks that should have answered and could not."""
        return self.with_status(Status.SKIPPED, Status.CRASHED)

    @property
    def engines_not_used(self) -> dict[str, str]:
        """Engines that no result of this run rests on, and what each would have looked at."""
        used = {result.engine for result in self.results if result not in self.not_checked}
        return {name: text for name, text in ENGINES.items() if name not in used}

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity, accepted ones left out, and of those accepted."""
        counts = {severity.value: len(self.open(severity)) for severity in ORDER}
        return counts | {"accepted": sum(1 for one in self.findings() if one.acceptance)}

    @property
    def file_stem(self) -> str:
        """Name of this run's files without their ending; safe on every file system."""
        return file_stem(self.kind, self.instance, self.created)
