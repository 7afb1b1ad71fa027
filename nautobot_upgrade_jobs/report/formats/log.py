"""The report as log lines, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...checks.findings import CheckResult, Severity, Status, Verdict
from ...checks.text import plural
from ...common.text import printable
from ..model import Report, Reported
from ..rollback_text import told

LEVELS = {Severity.BLOCKER: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
VERDICT_LEVELS = {
    Verdict.GO: "success",
    Verdict.CAUTION: "warning",
    Verdict.BLOCKED: "failure",
    Verdict.INCOMPLETE: "failure",
}
MARKS = {"success": "ok", "error": "BLOCKER", "warning": "warning", "info": "info", "failure": "!!"}


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    level: str
    """``success``, ``info``, ``warning``, ``error`` or ``failure``."""
    grouping: str
    """The topic, or ``summary``."""
    message: str
    """The line itself."""
    details: tuple[str, ...] = ()
    """What to do about it: remediation, then commands and evidence."""


def lines(report: Report) -> Iterator[Line]:
    """Yield the report as log lines: topic by topic, and the verdict last."""
    for topic in dict.fromkeys(result.topic for result in report.results):
        yield from _topic(report, topic)
    for section, changes in report.expected_changes.items():
        number = plural(len(changes), "expected change")
        yield Line("info", section.partition(".")[0], f"{section}: {number}.")
    for lapsed in report.lapsed:
        yield Line(
            "info",
            "accepted",
            f"{lapsed.finding}: the acceptance by {lapsed.who}, until {lapsed.until} and for "
            f"{lapsed.target}, does not hold for this run.",
        )
    for unmatched in report.unmatched:
        yield Line(
            "warning",
            "accepted",
            f"{unmatched.finding}: accepted by {unmatched.who}, but this run has no such finding, "
            "or more than one.",
        )
    yield from _ways(report)
    yield _summary(report)


def render(report: Report) -> str:
    """Return the report as plain text for a terminal."""
    text: list[str] = []
    for line in lines(report):
        if line.level in VERDICT_LEVELS.values() and line.grouping == "summary":
            text.append("")
        mark = MARKS[line.level]
        text.append(f"{mark:>8}  {line.grouping:<10}  {printable(line.message)}")
        text.extend(f"{'':>22}{printable(detail)}" for detail in line.details)
    return "\n".join(text) + "\n"


def _topic(report: Report, topic: str) -> Iterator[Line]:
    results = [result for result in report.results if result.topic == topic]
    for one in report.findings():
        if one.topic == topic:
            yield _finding(one)
    for (level, reason), checks in _unanswered(results).items():
        yield Line(level, topic, f"{', '.join(checks)}: not checked: {reason}")
    passed = sum(1 for result in results if result.status is Status.PASSED)
    idle = sum(1 for result in results if result.status is Status.NOT_APPLICABLE)
    if idle == len(results):
        yield Line("info", topic, f"No check of this topic applies here ({plural(idle, 'check')}).")
    elif passed:
        suffix = f", {idle} not applicable" if idle else ""
        asked = plural(len(results), "check")
        yield Line("success", topic, f"{passed} of {asked} passed{suffix}.")


def _unanswered(results: list[CheckResult]) -> dict[tuple[str, str], list[str]]:
    """Return the checks that could not look, by level and reason: each reason is told once."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in results:
        if one.status in (Status.SKIPPED, Status.CRASHED):
            level = "warning" if one.status is Status.SKIPPED else "error"
            by_reason.setdefault((level, one.reason), []).append(one.check)
    return by_reason


def _ways(report: Report) -> Iterator[Line]:
    if not report.choice:
        return
    yield Line("info", "ways", report.choice.diagnosis.story)
    for one in told(report.choice):
        details = [f"Loses: {text}" for text in one.loses]
        details += [f"Takes: {one.time}"] if one.time else []
        advice = f" ({one.advice})" if one.advice else ""
        yield Line("info", "ways", f"{one.title}{advice}: {one.leads}", tuple(details))


def _finding(one: Reported) -> Line:
    finding, accepted = one.finding, one.acceptance
    details = [f"To do: {finding.remediation}"]
    details += [f"Run: {command}" for command in finding.commands]
    details += [f"Seen: {item}" for item in finding.evidence]
    if accepted:
        details.insert(0, f"Accepted by {accepted.who} until {accepted.until}: {accepted.reason}")
    level = "info" if accepted else LEVELS[finding.severity]
    return Line(level, one.topic, f"{one.key}: {finding.message}", tuple(details))


def _summary(report: Report) -> Line:
    counts = report.counts
    parts = [plural(counts["blocker"], "blocker"), plural(counts["warning"], "warning")]
    parts += [f"{counts['info']} to know"] if counts["info"] else []
    parts += [f"{counts['accepted']} accepted"] if counts["accepted"] else []
    unanswered = len(report.not_checked)
    parts += [f"{plural(unanswered, 'check')} could not look"] if unanswered else []
    details = (
        f"Next: {report.next_step}",
        *(f"Not looked at: {text}" for text in report.engines_not_used.values()),
    )
    return Line(
        VERDICT_LEVELS[report.verdict],
        "summary",
        f"{report.verdict.value.upper()}: {report.headline} {report.states}: {', '.join(parts)}.",
        details,
    )
