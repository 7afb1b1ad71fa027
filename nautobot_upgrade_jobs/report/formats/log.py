"""The report as log lines, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...checks.findings import CheckResult, Severity, Status, Verdict
from ...checks.text import plural
from ...common.text import escape_nonprintable
from ..model import Report, ReportedFinding
from ..rollback_text import describe_options

LEVELS = {Severity.BLOCKER: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
VERDICT_LEVELS = {
    Verdict.GO: "success",
    Verdict.CAUTION: "warning",
    Verdict.BLOCKED: "failure",
    Verdict.INCOMPLETE: "failure",
}
MARKS = {"success": "ok", "error": "BLOCKER", "warning": "warning", "info": "info", "failure": "!!"}


@dataclass(frozen=True)
class LogLine:
    """One line of the log."""

    level: str
    """``success``, ``info``, ``warning``, ``error`` or ``failure``."""
    grouping: str
    """The topic, or ``summary``."""
    message: str
    """The line itself."""
    details: tuple[str, ...] = ()
    """What to do about it: remediation, then commands and evidence."""


def build_log_lines(report: Report) -> Iterator[LogLine]:
    """Yield the report as log lines: topic by topic, and the verdict last."""
    for topic in dict.fromkeys(result.topic for result in report.results):
        yield from _build_topic_lines(report, topic)
    for section, changes in report.expected_changes.items():
        number = plural(len(changes), "expected change")
        yield LogLine("info", section.partition(".")[0], f"{section}: {number}.")
    for lapsed in report.lapsed_acceptances:
        yield LogLine(
            "info",
            "accepted",
            f"{lapsed.finding}: the acceptance by {lapsed.who}, until {lapsed.until} and for "
            f"{lapsed.target}, does not hold for this run.",
        )
    for unmatched in report.unmatched_acceptances:
        yield LogLine(
            "warning",
            "accepted",
            f"{unmatched.finding}: accepted by {unmatched.who}, but this run has no such finding, "
            "or more than one.",
        )
    yield from _build_rollback_lines(report)
    yield _build_summary_line(report)


def render(report: Report) -> str:
    """Return the report as plain text for a terminal."""
    text: list[str] = []
    for line in build_log_lines(report):
        if line.level in VERDICT_LEVELS.values() and line.grouping == "summary":
            text.append("")
        mark = MARKS[line.level]
        text.append(f"{mark:>8}  {line.grouping:<10}  {escape_nonprintable(line.message)}")
        text.extend(f"{'':>22}{escape_nonprintable(detail)}" for detail in line.details)
    return "\n".join(text) + "\n"


def _build_topic_lines(report: Report, topic: str) -> Iterator[LogLine]:
    results = [result for result in report.results if result.topic == topic]
    for one in report.findings():
        if one.topic == topic:
            yield _build_finding_line(one)
    for (level, reason), checks in _group_unanswered(results).items():
        yield LogLine(level, topic, f"{', '.join(checks)}: not checked: {reason}")
    passed = sum(1 for result in results if result.status is Status.PASSED)
    idle = sum(1 for result in results if result.status is Status.NOT_APPLICABLE)
    if idle == len(results):
        yield LogLine(
            "info", topic, f"No check of this topic applies here ({plural(idle, 'check')})."
        )
    elif passed:
        suffix = f", {idle} not applicable" if idle else ""
        asked = plural(len(results), "check")
        yield LogLine("success", topic, f"{passed} of {asked} passed{suffix}.")


def _group_unanswered(results: list[CheckResult]) -> dict[tuple[str, str], list[str]]:
    """Return the checks that could not look, by level and reason: each reason is told once."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in results:
        if one.status in (Status.SKIPPED, Status.CRASHED):
            level = "warning" if one.status is Status.SKIPPED else "error"
            by_reason.setdefault((level, one.reason), []).append(one.check)
    return by_reason


def _build_rollback_lines(report: Report) -> Iterator[LogLine]:
    if not report.rollback_decision:
        return
    yield LogLine("info", "ways", report.rollback_decision.diagnosis.story)
    for one in describe_options(report.rollback_decision):
        details = [f"Loses: {text}" for text in one.losses]
        details += [f"Takes: {one.duration}"] if one.duration else []
        advice = f" ({one.recommendation})" if one.recommendation else ""
        yield LogLine("info", "ways", f"{one.title}{advice}: {one.feasibility}", tuple(details))


def _build_finding_line(one: ReportedFinding) -> LogLine:
    finding, accepted = one.finding, one.acceptance
    details = [f"To do: {finding.remediation}"]
    details += [f"Run: {command}" for command in finding.commands]
    details += [f"Seen: {item}" for item in finding.evidence]
    if accepted:
        details.insert(0, f"Accepted by {accepted.who} until {accepted.until}: {accepted.reason}")
    level = "info" if accepted else LEVELS[finding.severity]
    return LogLine(level, one.topic, f"{one.key}: {finding.message}", tuple(details))


def _build_summary_line(report: Report) -> LogLine:
    counts = report.counts
    parts = [plural(counts["blocker"], "blocker"), plural(counts["warning"], "warning")]
    parts += [f"{counts['info']} to know"] if counts["info"] else []
    parts += [f"{counts['accepted']} accepted"] if counts["accepted"] else []
    unanswered = len(report.not_checked)
    parts += [f"{plural(unanswered, 'check')} could not look"] if unanswered else []
    details = (
        f"Next: {report.next_step}",
        *(f"Not looked at: {text}" for text in report.unused_sources.values()),
    )
    return LogLine(
        VERDICT_LEVELS[report.verdict],
        "summary",
        f"{report.verdict.value.upper()}: {report.headline} {report.subject}: {', '.join(parts)}.",
        details,
    )
