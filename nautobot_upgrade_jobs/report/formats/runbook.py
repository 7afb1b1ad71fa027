"""The steps of a window as Markdown: those of an upgrade, or of the way back from it."""

from __future__ import annotations

from collections.abc import Iterator

from ...checks.findings import Severity
from ...runbook.container_commands import RUN
from ..model import Report
from .markdown import code_block, code_span, escape
from .rollback_script import is_command

FOLDER_INSTRUCTION = "Run it in one folder, which has this plan and the files beside it:"
ENVIRONMENT_INSTRUCTIONS = {
    False: (
        f"{FOLDER_INSTRUCTION} as the user of Nautobot and in its environment. `sudo` is for who"
        " may."
    ),
    True: (
        f"{FOLDER_INSTRUCTION} that of docker-compose.yml, and the image's user has to be let write"
        " there."
    ),
}
"""By whether Nautobot is an image."""
POINT_OF_NO_RETURN = "**No way back from here but the backup.**"
TITLES = {"preflight": ("Upgrade", "Preflight"), "rollback": ("The way back", "Rollback Planner")}


def render(report: Report) -> str:
    """Return the runbook of a report."""
    return "\n".join(_build_lines(report)) + "\n"


def _build_lines(report: Report) -> Iterator[str]:
    what, who = TITLES[report.kind]
    yield f"# {what} of {escape(report.instance)}: {escape(report.subject)}"
    yield ""
    verdict = f"**{report.verdict.value.upper()}**. {escape(report.headline)}"
    yield f"{who} of {report.created:%Y-%m-%d %H:%M} UTC: {verdict}"
    yield ""
    yield ENVIRONMENT_INSTRUCTIONS[
        any(one.startswith(RUN) for step in report.steps for one in step.commands)
    ]
    blockers = report.unaccepted(Severity.BLOCKER)
    if blockers:
        yield ""
        yield "Not before these are mended:"
        yield ""
        yield from (f"- {escape(one.finding.message)}" for one in blockers)
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
            shown = code_span if is_command(step.verify) else escape
            yield f"Proof: {shown(step.verify)}"
