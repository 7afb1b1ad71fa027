"""The report as log lines, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...checks.findings import CheckResult, Severity, Status, Verdict
from ...common.text import escape_nonprintable, format_duration, plural
from ..model import Report
from ..remediation_text import describe_acceptance, describe_refusal, describe_remediation
from ..reported_finding import ReportedFinding
from ..rollback_text import describe_options

LEVELS = {Severity.BLOCKER: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
VERDICT_LEVELS = {
    Verdict.GO: "success",
    Verdict.UP_TO_DATE: "success",
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
    """The text of the line."""
    details: tuple[str, ...] = ()
    """Further lines: remediation, commands and evidence."""
    key: str = ""
    """The finding that the line is about. Empty if it is about none."""


def build_log_lines(report: Report) -> Iterator[LogLine]:
    """Yield the report as log lines by topic, causes first, with the verdict as the last line."""
    found = (reported.topic for reported in report.findings())
    for topic in dict.fromkeys((*found, *(result.topic for result in report.results))):
        yield from _build_topic_lines(report, topic)
    for section, changes in report.expected_changes.items():
        number = plural(len(changes), "expected change")
        yield LogLine("info", section.partition(".")[0], f"{section}: {number}.")
    for lapsed in report.lapsed_acceptances:
        yield LogLine(
            "info",
            "accepted",
            f"{lapsed.finding}: the acceptance by {lapsed.who}, until {lapsed.until} and for "
            f"{lapsed.target}, does not apply to this run.",
        )
    for refused in report.refused_acceptances:
        yield LogLine(
            "warning",
            "accepted",
            f"{refused.finding}: {describe_refusal(refused)}",
        )
    for unmatched in report.unmatched_acceptances:
        yield LogLine(
            "warning",
            "accepted",
            f"{unmatched.finding}: accepted by {unmatched.who}, but not exactly one finding of "
            "this run has this key.",
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
    for reported in report.findings():
        if reported.topic == topic:
            yield _build_finding_line(reported)
    for (level, reason), checks in _group_not_checked(results).items():
        yield LogLine(level, topic, f"{', '.join(checks)}: not checked: {reason}")
    passed = sum(1 for result in results if result.status is Status.PASSED)
    not_applicable = sum(1 for result in results if result.status is Status.NOT_APPLICABLE)
    if not_applicable == len(results):
        number = plural(not_applicable, "check")
        yield LogLine("info", topic, f"No check of this topic applies ({number}).")
    elif passed:
        suffix = f", {not_applicable} not applicable" if not_applicable else ""
        number = plural(len(results), "check")
        yield LogLine("success", topic, f"{passed} of {number} passed{suffix}.")


def _group_not_checked(results: list[CheckResult]) -> dict[tuple[str, str], list[str]]:
    """Group the checks that could not run: by level and reason, the ids of the checks."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.status in (Status.SKIPPED, Status.CRASHED):
            level = "warning" if result.status is Status.SKIPPED else "error"
            by_reason.setdefault((level, result.reason), []).append(result.check)
    return by_reason


def _build_rollback_lines(report: Report) -> Iterator[LogLine]:
    if not report.rollback_decision:
        return
    yield LogLine("info", "rollback", report.rollback_decision.diagnosis.summary)
    for option in describe_options(report.rollback_decision):
        details = [f"Losses: {text}" for text in option.losses]
        details += [f"Not undone: {text}" for text in option.leftovers]
        details += [f"Duration: {option.duration}"] if option.duration else []
        label = f" ({option.recommendation})" if option.recommendation else ""
        message = f"{option.title}{label}: feasible: {option.feasibility}"
        yield LogLine("info", "rollback", message, tuple(details))


def _build_finding_line(reported: ReportedFinding) -> LogLine:
    finding, accepted = reported.finding, reported.acceptance
    details = list(describe_remediation(finding))
    details += [f"Evidence: {item}" for item in finding.evidence]
    if accepted:
        details.insert(0, describe_acceptance(reported))
    level = "info" if accepted else LEVELS[finding.severity]
    return LogLine(
        level,
        reported.topic,
        f"{reported.key}: {finding.message}",
        tuple(details),
        reported.key,
    )


def _build_summary_line(report: Report) -> LogLine:
    counts = report.counts
    parts = [plural(counts["blocker"], "blocker"), plural(counts["warning"], "warning")]
    parts += [f"{counts['info']} info"] if counts["info"] else []
    parts += [f"{counts['accepted']} accepted"] if counts["accepted"] else []
    not_checked = len(report.not_checked)
    parts += [f"{plural(not_checked, 'check')} could not run"] if not_checked else []
    details = (
        f"Next: {report.next_step}",
        *(f"Not checked: {text}" for text in report.unused_sources.values()),
        f"Duration: {format_duration(report.seconds, report.stage_seconds)}",
    )
    return LogLine(
        VERDICT_LEVELS[report.verdict],
        "summary",
        f"{report.verdict.label}: {report.headline} {report.subject}: {', '.join(parts)}.",
        details,
    )
