"""The steps of an upgrade or a rollback as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ...checks.findings import Severity
from ...deployment.known import Part
from ..model import Report
from .markdown import code_block, code_span, escape

POINT_OF_NO_RETURN = (
    "**After this step, only the backup can restore the state before the upgrade.**"
)
TITLES = {"preflight": ("Upgrade", "Preflight"), "rollback": ("Rollback", "Rollback Planner")}


def render(report: Report) -> str:
    """Return the runbook of a report."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    title, job = TITLES[report.kind]
    yield f"# {title} of {escape(report.instance)}: {escape(report.subject)}"
    yield ""
    verdict = f"**{report.verdict.label}**. {escape(report.headline)}"
    yield f"{job} of {report.created:%Y-%m-%d %H:%M} UTC: {verdict}"
    yield ""
    yield escape(report.runbook.instructions)
    blockers = report.unaccepted(Severity.BLOCKER)
    if blockers:
        yield ""
        yield "Fix these blockers first:"
        yield ""
        yield from (f"- {escape(blocker.finding.message)}" for blocker in blockers)
    if downtime := report.runbook.downtime:
        yield ""
        yield f"**Downtime: {downtime.kind.value}.** {downtime.text}"
        yield ""
        yield from (f"- {escape(reason)}" for reason in downtime.reasons)
    yield from _describe_deployment(report.runbook.deployment)
    if report.runbook.shell_setup:
        yield ""
        yield "In each shell that runs commands of this plan, first:"
        yield ""
        yield from code_block(report.runbook.shell_setup, "shell")
    for number, step in enumerate(report.runbook.steps, 1):
        yield ""
        yield f"## {number}. {escape(step.title)}"
        yield ""
        yield "- [ ] finished at ____________ by ____________"
        if step.why:
            yield ""
            yield escape(step.why)
        if step.irreversible:
            yield ""
            yield POINT_OF_NO_RETURN
        if step.commands:
            yield ""
            yield from code_block(step.commands, "shell")
        if step.verify:
            yield ""
            yield f"Verify: {code_span(step.verify)}"
        if step.expected:
            yield ""
            yield f"Expected: {escape(step.expected)}"


def _describe_deployment(parts: tuple[Part, ...]) -> Iterator[str]:
    """Yield a table of what the commands rely on. What is assumed names the setting for it."""
    if not parts:
        return
    yield ""
    yield "The commands rely on this deployment. Correct what is wrong in the setting `deployment`."
    yield ""
    yield "| Part | Value | Known | From |"
    yield "| --- | --- | --- | --- |"
    for part in parts:
        values = ", ".join(map(escape, part.values)) or "none"
        yield (
            f"| {escape(part.name)} | {values} | {part.source.value} | {escape(part.evidence)} |"
        )
