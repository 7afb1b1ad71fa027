"""The report as Markdown, for tickets and change requests."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from ...checks.findings import Phase, Severity
from ...checks.release_notes import Reviewed
from ...checks.text import plural
from ...common.text import visible
from ..model import ELSEWHERE, ORDER, TO_READ, TOUCHES, Report, Reported
from ..rollback_text import told

TITLES = {Severity.BLOCKER: "Blockers", Severity.WARNING: "Warnings", Severity.INFO: "Good to know"}
WHEN = {
    Phase.BOOT: "start of the new release",
    Phase.MIGRATE: "migrate",
    Phase.POST_UPGRADE: "the steps after migrate",
    Phase.RUNTIME: "daily use",
    Phase.ROLLBACK: "the way back",
}
SPECIAL = re.compile(r"([\\`*_\[\]|#])")


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, in a table as well."""
    escaped = SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))
    return html.escape(escaped, quote=False)  # not every Markdown takes a backslash before these


def code(text: str) -> str:
    """Return text as a span of code, which no backtick in it ends."""
    inside = visible(" ".join(text.split()))
    fence = fence_around(inside, shortest=1)
    space = " " if "`" in inside else ""
    return f"{fence}{space}{inside}{space}{fence}"


def block(commands: Iterable[str], language: str = "") -> Iterator[str]:
    """Yield a block of code, which nothing in it ends."""
    shown = [visible(command) for command in commands]
    fence = fence_around("\n".join(shown), shortest=3)
    yield f"{fence}{language}"
    yield from shown
    yield fence


def fence_around(text: str, *, shortest: int) -> str:
    """Return a fence that is longer than any run of backticks in a text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    return "`" * max(shortest, longest + 1)


def render(report: Report) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {report.kind.capitalize()}: {report.verdict.value.upper()}"
    yield ""
    yield f"{report.headline} {escape(report.next_step)}"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for name, value in _facts(report):
        yield f"| {name} | {escape(value)} |"
    if not report.plans_an_upgrade:
        yield from _ways(report)
    for severity in ORDER:
        yield from _section(TITLES[severity], report.open(severity), report)
    accepted = tuple(one for one in report.findings() if one.acceptance)
    yield from _section("Accepted", accepted, report)
    yield from _not_checked(report)
    if report.plans_an_upgrade:
        yield from _ways(report)
        yield from _notes(report)
        yield from _packages(report)
        yield from _migrations(report)
    yield from _expected_changes(report)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
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


def _ways(report: Report) -> Iterator[str]:
    if not report.choice:
        return
    yield ""
    yield "## The ways back"
    yield ""
    yield escape(report.choice.diagnosis.story)
    for one in told(report.choice):
        yield ""
        yield f"### {one.title}{f' ({one.advice})' if one.advice else ''}"
        yield ""
        yield f"- Leads there: {escape(one.leads)}"
        yield from (f"- Loses: {escape(text)}" for text in one.loses)
        yield from (f"- Needs: {escape(text)}" for text in one.needs)
        yield from (f"- Open: {escape(text)}" for text in one.doubts)
        if one.time:
            yield f"- Takes: {escape(one.time)}"
    if report.choice.chosen.losses:
        yield ""
        yield f"### What '{report.choice.chosen.title}' loses"
        yield ""
        yield "| What | How many | Because of |"
        yield "| --- | --- | --- |"
        for loss in report.choice.chosen.losses:
            number = "not counted" if loss.number is None else str(loss.number)
            why = ": ".join(filter(None, (loss.cause, loss.says, ", ".join(loss.sample))))
            yield f"| {escape(loss.subject)} ({loss.kind}) | {number} | {escape(why)} |"


def _section(title: str, findings: tuple[Reported, ...], report: Report) -> Iterator[str]:
    if findings:
        yield ""
        yield f"## {title}"
    for one in findings:
        yield from _finding(one, report)


def _finding(one: Reported, report: Report) -> Iterator[str]:
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
        yield from block(re.sub(r"[\r\n]+", " ", command) for command in finding.commands)
    if finding.evidence:
        yield ""
        yield from (f"- {escape(item)}" for item in finding.evidence)
    yield ""
    impact = finding.impact.value.replace("_", " ")
    when = f"Fails at: {WHEN[finding.phase]}. " if report.plans_an_upgrade else ""
    yield f"{when}Impact: {impact}. Key: {code(one.key)}"
    for url in finding.references:
        yield f"<{url}>"


def _not_checked(report: Report) -> Iterator[str]:
    yield ""
    yield "## Not checked"
    yield ""
    if report.answered_everything:
        yield "Nothing: every check could look."
    for result in report.not_checked:
        yield f"- {escape(result.check)}: {escape(result.reason)}"
    for lapsed in report.lapsed:
        yield escape(f"- The acceptance of {lapsed.finding} by {lapsed.who} has lapsed.")
    for one in report.unmatched:
        yield escape(f"- {one.finding}, accepted by {one.who}, is not exactly one finding here.")
    for text in report.engines_not_used.values():
        yield f"- {text}"


def _notes(report: Report) -> Iterator[str]:
    """Yield what is to be read in full; of what merely changed, the number."""
    yield ""
    yield "## Release notes on the way"
    yield ""
    if report.notes is None:
        yield f"Not read: {escape(report.why_no_notes)}."
    elif not report.notes:
        yield "None."
    for group, notes in report.groups_of_notes.items():
        yield f"**{group}: {len(notes)}**"
        yield ""
        if group in (TOUCHES, TO_READ, ELSEWHERE):
            yield from map(_note, notes)
            yield ""
    if report.without_notes:
        yield f"Without release notes: {escape(', '.join(report.without_notes))}"


def _note(one: Reviewed) -> str:
    note = one.note
    heading = f", {note.heading}" if note.heading else ""
    title = escape(f"{note.distribution} {note.release}, {note.kind}{heading}")
    known = [code(key) for key in one.findings]
    known += [escape(one.not_here)] if one.not_here else []
    why = f" ({', '.join(known)})" if known else ""
    return f"- **{title}:** {escape(note.text)}{why}{f' <{note.link}>' if note.link else ''}"


def _migrations(report: Report) -> Iterator[str]:
    yield ""
    yield "## Migrations that the upgrade applies"
    yield ""
    if report.migrations is None:
        yield "Not known."
    elif not report.migrations:
        yield "None."
    else:
        yield from (f"- {escape(name)}" for name in report.migrations)


def _packages(report: Report) -> Iterator[str]:
    yield ""
    yield "## Packages that the upgrade changes"
    yield ""
    if report.packages is None:
        yield "Not known."
    elif not report.packages:
        yield "None."
    else:
        yield from (f"- {escape(one.name)}: {escape(one.story)}" for one in report.packages)


def _expected_changes(report: Report) -> Iterator[str]:
    for section, changes in report.expected_changes.items():
        yield ""
        yield f"## Expected changes of {section}: {len(changes)}"
        yield ""
        for one in changes:
            yield f"- {escape(one.story)} ({escape(one.reason)})"
