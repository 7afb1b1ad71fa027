"""The report as Markdown, for tickets and change requests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from ...checks.findings import Phase, Severity
from ...checks.release_notes import TriagedNote
from ...common.text import escape_invisible, format_duration, plural
from ...facts.rehearsal import Rehearsal
from ...rollback.options import RollbackOption
from ...upgrade.claims import list_claims
from ..model import AFFECTED, NEEDS_READING, SEVERITY_ORDER, UNAFFECTED, Report
from ..rehearsal_text import describe_rest, list_facts, list_longest_migrations, list_stages
from ..remediation_text import TO_DO, command_blocks, describe_acceptance, describe_refusal
from ..reported_finding import ReportedFinding
from ..rollback_text import OptionText, describe_options

SEVERITY_TITLES = {
    Severity.BLOCKER: "Blockers",
    Severity.WARNING: "Warnings",
    Severity.INFO: "Information",
}
PHASE_TEXT = {
    Phase.BOOT: "start of the new release",
    Phase.MIGRATE: "migrate",
    Phase.POST_UPGRADE: "the steps after migrate",
    Phase.RUNTIME: "daily use",
    Phase.ROLLBACK: "rollback",
}
SPECIAL_CHARACTERS = re.compile(r"([\\`*_\[\]|#])")


def escape(text: str) -> str:
    """Return text on one line, escaped so that Markdown shows it unchanged, also in a table."""
    escaped = SPECIAL_CHARACTERS.sub(r"\\\1", escape_invisible(" ".join(text.split())))
    # Some Markdown parsers ignore a backslash before these characters.
    return html.escape(escaped, quote=False)


def code_span(text: str) -> str:
    """Return text as a code span. Backticks in the text do not end the code span."""
    inside = escape_invisible(" ".join(text.split()))
    fence = choose_fence(inside, shortest=1)
    space = " " if "`" in inside else ""
    return f"{fence}{space}{inside}{space}{fence}"


def code_block(commands: Iterable[str], language: str = "") -> Iterator[str]:
    """Yield a code block. Backticks in the commands do not end the code block."""
    shown = [escape_invisible(command) for command in commands]
    fence = choose_fence("\n".join(shown), shortest=3)
    yield f"{fence}{language}"
    yield from shown
    yield fence


def choose_fence(text: str, *, shortest: int) -> str:
    """Return a fence with more backticks than any sequence of backticks in the text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    return "`" * max(shortest, longest + 1)


def render(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    yield f"# {report.kind.capitalize()}: {report.verdict.label}"
    yield ""
    yield f"{report.headline} {escape(report.next_step)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _list_run_details(report):
        yield f"| {name} | {escape(value)} |"
    if not report.is_preflight:
        yield from _build_rollback_section(report)
    if report.rehearsal:
        yield from _build_rehearsal_section(report.rehearsal)
    for severity in SEVERITY_ORDER:
        yield from _build_findings_section(
            SEVERITY_TITLES[severity], report.unaccepted(severity), report
        )
    accepted = tuple(reported for reported in report.findings() if reported.acceptance)
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
    yield "Duration", format_duration(report.seconds, report.stage_seconds)
    yield (
        "Findings",
        ", ".join(
            plural(number, name) if name in ("blocker", "warning") else f"{number} {name}"
            for name, number in counts.items()
        ),
    )
    yield "Checks", f"{len(report.results)}, of which {len(report.not_checked)} could not run"
    yield "Created by", f"{report.tool}, catalog {report.catalog}"


def _build_rehearsal_section(rehearsal: Rehearsal) -> Iterator[str]:
    yield ""
    yield "## What was rehearsed"
    yield ""
    for name, text in list_facts(rehearsal):
        yield f"- {name}: {escape(text)}"
    yield from ("", "| Prediction | Outcome | Evidence |", "| --- | --- | --- |")
    for claim in list_claims(rehearsal):
        yield f"| {escape(claim.text)} | {claim.outcome} | {escape(claim.evidence)} |"
    for title, parts in (
        ("Stage", list_stages(rehearsal)),
        ("Migration", list_longest_migrations(rehearsal)),
    ):
        if parts:
            yield ""
            yield f"| {title} | Seconds | |"
            yield "| --- | ---: | --- |"
        for part in parts:
            yield f"| {escape(part.name)} | {part.seconds:.1f} | {escape(part.details)} |"
    if rest := describe_rest(rehearsal):
        yield ""
        yield f"{rest}."


def _build_rollback_section(report: Report) -> Iterator[str]:
    if not report.rollback_decision:
        return
    yield ""
    yield "## Rollback options"
    yield ""
    yield escape(report.rollback_decision.diagnosis.summary)
    for option in describe_options(report.rollback_decision):
        yield from _build_option(option)
    yield from _build_losses_table(report.rollback_decision.chosen)


def _build_option(option: OptionText) -> Iterator[str]:
    yield ""
    yield f"### {option.title}{f' ({option.recommendation})' if option.recommendation else ''}"
    yield ""
    yield f"- Feasible: {escape(option.feasibility)}"
    yield from (f"- Losses: {escape(text)}" for text in option.losses)
    yield from (f"- Not undone: {escape(text)}" for text in option.leftovers)
    yield from (f"- Prerequisite: {escape(text)}" for text in option.prerequisites)
    yield from (f"- Unknown: {escape(text)}" for text in option.unknowns)
    if option.duration:
        yield f"- Duration: {escape(option.duration)}"


def _build_losses_table(option: RollbackOption) -> Iterator[str]:
    if not option.losses:
        return
    yield ""
    yield f"### Losses of '{option.title}'"
    yield ""
    yield "| Subject | Number | Cause |"
    yield "| --- | --- | --- |"
    for loss in option.losses:
        number = "not counted" if loss.count is None else str(loss.count)
        cause = ": ".join(filter(None, (loss.cause, loss.description, ", ".join(loss.sample))))
        yield f"| {escape(loss.subject)} ({loss.kind}) | {number} | {escape(cause)} |"


def _build_findings_section(
    title: str, findings: tuple[ReportedFinding, ...], report: Report
) -> Iterator[str]:
    if findings:
        yield ""
        yield f"## {title}"
    for reported in findings:
        yield from _build_finding(reported, report)


def _build_finding(reported: ReportedFinding, report: Report) -> Iterator[str]:
    finding = reported.finding
    yield ""
    yield f"### {escape(finding.message)}"
    yield ""
    if reported.acceptance:
        yield escape(describe_acceptance(reported))
        yield ""
    if reported.why:
        yield f"**Expected:** {escape(reported.expected)} Otherwise: {escape(reported.why)}"
        yield ""
    yield f"**{TO_DO[finding.when]}:** {escape(finding.remediation)}"
    for block in command_blocks(finding.commands):
        yield ""
        yield f"{block.place}:"
        yield ""
        yield from code_block(block.lines, block.language)
    if finding.evidence:
        yield ""
        yield from (f"- {escape(item)}" for item in finding.evidence)
    yield ""
    impact = finding.impact.value.replace("_", " ")
    when = f"Fails at: {PHASE_TEXT[finding.phase]}. " if report.is_preflight else ""
    yield f"{when}Impact: {impact}. Key: {code_span(reported.key)}"
    for url in finding.references:
        yield f"<{url}>"


def _build_not_checked_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Not checked"
    yield ""
    if report.is_fully_checked:
        yield "Every check could run."
    for result in report.not_checked:
        yield f"- {escape(result.check)}: {escape(report.describe_not_checked(result))}"
    for lapsed in report.lapsed_acceptances:
        yield escape(f"- The acceptance of {lapsed.finding} by {lapsed.who} has lapsed.")
    for refused in report.refused_acceptances:
        yield escape(f"- {refused.finding}: {describe_refusal(refused)}")
    for unmatched in report.unmatched_acceptances:
        yield escape(
            f"- {unmatched.finding}, accepted by {unmatched.who}, does not match exactly one"
            " finding of this run."
        )
    for text in report.unused_sources.values():
        yield f"- {text}"


def _build_notes_section(report: Report) -> Iterator[str]:
    """Yield the notes to read in full, and only the number of all other notes."""
    yield ""
    yield "## Release notes up to the target"
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


def _format_note(triaged: TriagedNote) -> str:
    note = triaged.note
    heading = f", {note.heading}" if note.heading else ""
    title = escape(f"{note.distribution} {note.release}, {note.kind}{heading}")
    known = [code_span(key) for key in triaged.findings]
    known += [escape(triaged.not_applicable_reason)] if triaged.not_applicable_reason else []
    why = f" ({', '.join(known)})" if known else ""
    return f"- **{title}:** {escape(note.text)}{why}{f' <{note.link}>' if note.link else ''}"


def _build_migrations_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Migrations that the upgrade applies"
    yield ""
    if report.migrations is None:
        yield "Unknown."
    elif not report.migrations:
        yield "None."
    else:
        yield from (f"- {escape(name)}" for name in report.migrations)


def _build_packages_section(report: Report) -> Iterator[str]:
    yield ""
    yield "## Packages that the upgrade changes"
    yield ""
    if report.packages is None:
        yield "Unknown."
    elif not report.packages:
        yield "None."
    else:
        yield from (
            f"- {escape(change.name)}: {escape(change.description)}" for change in report.packages
        )


def _build_expected_changes_section(report: Report) -> Iterator[str]:
    for section, changes in report.expected_changes.items():
        yield ""
        yield f"## Expected changes of {section}: {len(changes)}"
        yield ""
        for change in changes:
            yield f"- {escape(change.description)} ({escape(change.reason)})"
