"""The report as Markdown, for tickets and change requests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from ...checks.findings import Phase, Severity
from ...checks.release_notes import TriagedNote
from ...checks.text import plural
from ...common.text import escape_invisible
from ..model import AFFECTED, NEEDS_READING, SEVERITY_ORDER, UNAFFECTED, Report, ReportedFinding
from ..rollback_text import describe_options

SEVERITY_TITLES = {
    Severity.BLOCKER: "Blockers",
    Severity.WARNING: "Warnings",
    Severity.INFO: "Good to know",
}
PHASE_TEXT = {
    Phase.BOOT: "start of the new release",
    Phase.MIGRATE: "migrate",
    Phase.POST_UPGRADE: "the steps after migrate",
    Phase.RUNTIME: "daily use",
    Phase.ROLLBACK: "the way back",
}
SPECIAL_CHARACTERS = re.compile(r"([\\`*_\[\]|#])")


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, in a table as well."""
    escaped = SPECIAL_CHARACTERS.sub(r"\\\1", escape_invisible(" ".join(text.split())))
    return html.escape(escaped, quote=False)  # not every Markdown takes a backslash before these


def code_span(text: str) -> str:
    """Return text as a span of code, which no backtick in it ends."""
    inside = escape_invisible(" ".join(text.split()))
    fence = choose_fence(inside, shortest=1)
    space = " " if "`" in inside else ""
    return f"{fence}{space}{inside}{space}{fence}"


def code_block(commands: Iterable[str], language: str = "") -> Iterator[str]:
    """Yield a block of code, which nothing in it ends."""
    shown = [escape_invisible(command) for command in commands]
    fence = choose_fence("\n".join(shown), shortest=3)
    yield f"{fence}{language}"
    yield from shown
    yield fence


def choose_fence(text: str, *, shortest: int) -> str:
    """Return a fence that is longer than any run of backticks in a text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    return "`" * max(shortest, longest + 1)


def render(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    yield f"# {report.kind.capitalize()}: {report.verdict.value.upper()}"
    yield ""
    yield f"{report.headline} {escape(report.next_step)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _list_run_details(report):
        yield f"| {name} | {escape(value)} |"
    if not report.is_preflight:
        yield from _build_rollback_section(report)
    for severity in SEVERITY_ORDER:
        yield from _build_findings_section(
            SEVERITY_TITLES[severity], report.unaccepted(severity), report
        )
    accepted = tuple(one for one in report.findings() if one.acceptance)
    yield from _build_findings_section("Accepted", accepted, report)
    yield from _build_not_checked_section(report)
    if report.is_preflight:
        yield from _build_rollback_section(report)
        yield from _build_notes_section(report)
        yield from _build_packages_section(report)
        yield from _build_migrations_section(report)
    yield from _build_expected_changes_section(report)


def _list_run_details(report: Report) -> Iterator[tuple[str, str]]:
    counts = report.counts
    yield "Instance", report.instance
    yield from report.labels.items()
    yield "Date", f"{report.created:%Y-%m-%d %H:%M} UTC"
    yield (
        "Findings",
        ", ".join(
            plural(number, name) if name in ("blocker", "warning") else f"{number} {name}"
            for name, number in counts.items()
        ),
    )
    yield "Checks", f"{len(report.results)}, of which {len(report.not_checked)} could not look"
    yield "Made by", f"{report.tool}, catalog {report.catalog}"


def _build_rollback_section(report: Report) -> Iterator[str]:
    if not report.rollback_decision:
        return
    yield ""
    yield "## The ways back"
    yield ""
    yield escape(report.rollback_decision.diagnosis.story)
    for one in describe_options(report.rollback_decision):
        yield ""
        yield f"### {one.title}{f' ({one.recommendation})' if one.recommendation else ''}"
        yield ""
        yield f"- Leads there: {escape(one.feasibility)}"
        yield from (f"- Loses: {escape(text)}" for text in one.losses)
        yield from (f"- Needs: {escape(text)}" for text in one.prerequisites)
        yield from (f"- Open: {escape(text)}" for text in one.unknowns)
        if one.duration:
            yield f"- Takes: {escape(one.duration)}"
    if report.rollback_decision.chosen.losses:
        yield ""
        yield f"### What '{report.rollback_decision.chosen.title}' loses"
        yield ""
        yield "| What | How many | Because of |"
        yield "| --- | --- | --- |"
        for loss in report.rollback_decision.chosen.losses:
            number = "not counted" if loss.number is None else str(loss.number)
            why = ": ".join(filter(None, (loss.cause, loss.says, ", ".join(loss.sample))))
            yield f"| {escape(loss.subject)} ({loss.kind}) | {number} | {escape(why)} |"


def _build_findings_section(
    title: str, findings: tuple[ReportedFinding, ...], report: Report
) -> Iterator[str]:
    if findings:
        yield ""
        yield f"## {title}"
    for one in findings:
        yield from _build_finding(one, report)


def _build_finding(one: ReportedFinding, report: Report) -> Iterator[str]:
    finding = one.finding
    yield ""
    yield f"### {escape(finding.message)}"
    yield ""
    if one.acceptance:
        accepted = one.acceptance
        yield escape(f"Accepted by {accepted.who} until {accepted.until}: {accepted.reason}")
        yield ""
    if one.why:
        yield f"**Expected:** {escape(one.expected)} Otherwise: {escape(one.why)}"
        yield ""
    yield f"**To do:** {escape(finding.remediation)}"
    if finding.commands:
        yield ""
        yield from code_block(re.sub(r"[\r\n]+", " ", command) for command in finding.commands)
    if finding.evidence:
        yield ""
        yield from (f"- {escape(item)}" for item in finding.evidence)
    yield ""
    impact = finding.impact.value.replace("_", " ")
    when = f"Fails at: {PHASE_TEXT[finding.phase]}. " if report.is_preflight else ""
    yield f"{when}Impact: {impact}. Key: {code_span(one.key)}"
    for url in finding.references:
        yield f"<{url}>"


def _build_not_checked_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Not checked"
    yield ""
    if report.is_fully_checked:
        yield "Nothing: every check could look."
    for result in report.not_checked:
        yield f"- {escape(result.check)}: {escape(result.reason)}"
    for lapsed in report.lapsed_acceptances:
        yield escape(f"- The acceptance of {lapsed.finding} by {lapsed.who} has lapsed.")
    for one in report.unmatched_acceptances:
        yield escape(f"- {one.finding}, accepted by {one.who}, is not exactly one finding here.")
    for text in report.unused_sources.values():
        yield f"- {text}"


def _build_notes_section(report: Report) -> Iterator[str]:
    """Yield what is to be read in full; of what merely changed, the number."""
    yield ""
    yield "## Release notes on the way"
    yield ""
    if report.release_notes is None:
        yield f"Not read: {escape(report.notes_unavailable_reason)}."
    elif not report.release_notes:
        yield "None."
    for group, notes in report.notes_by_group.items():
        yield f"**{group}: {len(notes)}**"
        yield ""
        if group in (AFFECTED, NEEDS_READING, UNAFFECTED):
            yield from map(_format_note, notes)
            yield ""
    if report.distributions_without_notes:
        yield f"Without release notes: {escape(', '.join(report.distributions_without_notes))}"


def _format_note(one: TriagedNote) -> str:
    note = one.note
    heading = f", {note.heading}" if note.heading else ""
    title = escape(f"{note.distribution} {note.release}, {note.kind}{heading}")
    known = [code_span(key) for key in one.findings]
    known += [escape(one.not_applicable_reason)] if one.not_applicable_reason else []
    why = f" ({', '.join(known)})" if known else ""
    return f"- **{title}:** {escape(note.text)}{why}{f' <{note.link}>' if note.link else ''}"


def _build_migrations_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Migrations that the upgrade applies"
    yield ""
    if report.migrations is None:
        yield "Not known."
    elif not report.migrations:
        yield "None."
    else:
        yield from (f"- {escape(name)}" for name in report.migrations)


def _build_packages_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Packages that the upgrade changes"
    yield ""
    if report.packages is None:
        yield "Not known."
    elif not report.packages:
        yield "None."
    else:
        yield from (f"- {escape(one.name)}: {escape(one.story)}" for one in report.packages)


def _build_expected_changes_section(report: Report) -> Iterator[str]:
    for section, changes in report.expected_changes.items():
        yield ""
        yield f"## Expected changes of {section}: {len(changes)}"
        yield ""
        for one in changes:
            yield f"- {escape(one.story)} ({escape(one.reason)})"
