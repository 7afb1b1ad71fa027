"""The steps of an upgrade or a rollback as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ...checks.findings import Severity
from ...runbook.container_commands import COMPOSE_RUN
from ..model import Report
from .markdown import code_block, code_span, escape

FOLDER_INSTRUCTION = "Run the commands in the folder that contains this plan and its files,"
ENVIRONMENT_INSTRUCTIONS = {
    False: (
        f"{FOLDER_INSTRUCTION} as the user of Nautobot and in its environment. Commands with `sudo`"
        " need a user who may use it."
    ),
    True: (
        f"{FOLDER_INSTRUCTION} which is the folder of docker-compose.yml. The image's user must be"
        " allowed to write there."
    ),
}
"""Instructions for an installation outside (False) and inside (True) a container."""
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
    verdict = f"**{report.verdict.value.upper()}**. {escape(report.headline)}"
    yield f"{job} of {report.created:%Y-%m-%d %H:%M} UTC: {verdict}"
    yield ""
    yield ENVIRONMENT_INSTRUCTIONS[
        any(text.startswith(COMPOSE_RUN) for step in report.steps for text in step.commands)
    ]
    blockers = report.unaccepted(Severity.BLOCKER)
    if blockers:
        yield ""
        yield "Fix these blockers first:"
        yield ""
        yield from (f"- {escape(blocker.finding.message)}" for blocker in blockers)
    for number, step in enumerate(report.steps, 1):
        yield ""
        yield f"## {number}. {escape(step.title)}"
        if step.why:
            yield ""
            yield escape(step.why)
        if step.irreversible:
            yield ""
            yield POINT_OF_NO_RETURN
        yield ""
        yield from code_block(step.commands, "shell")
        if step.verify:
            yield ""
            yield f"Verify: {code_span(step.verify)}"
        if step.expected:
            yield ""
            yield f"Expected: {escape(step.expected)}"
