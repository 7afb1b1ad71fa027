"""The remediation of a finding as text: when to do it, and where to enter the commands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ..checks.findings import Acceptance, Finding
from ..checks.remediation import Command, CommandKind, When
from .reported_finding import ReportedFinding

TO_DO = {
    When.NOW: "To do now",
    When.WINDOW: "To do in the maintenance window",
    When.AFTER: "To do after the upgrade",
}
PLACES = {
    CommandKind.SHELL: "In a shell",
    CommandKind.SQL: "In psql or mysql",
    CommandKind.CONFIGURATION: "In nautobot_config.py",
}
LANGUAGES = {
    CommandKind.SHELL: "shell",
    CommandKind.SQL: "sql",
    CommandKind.CONFIGURATION: "python",
}
"""Names of languages for syntax highlighting."""


class CommandBlock(NamedTuple):
    """Consecutive commands that are entered at the same place."""

    place: str
    language: str
    lines: tuple[str, ...]


def command_blocks(commands: tuple[Command, ...]) -> Iterator[CommandBlock]:
    """Yield a block for each run of consecutive commands that you enter at the same place."""
    for kind, block in groupby(commands, key=lambda command: command.kind):
        # A line break inside a command would end it early.
        lines = tuple(" ".join(command.text.splitlines()) for command in block)
        yield CommandBlock(PLACES[kind], LANGUAGES[kind], lines)


def describe_remediation(finding: Finding) -> Iterator[str]:
    """Yield lines of plain text: when to do what, then each command and where to enter it."""
    yield f"{TO_DO[finding.when]}: {finding.remediation}"
    for command in finding.commands:
        yield f"{PLACES[command.kind]}: {command.text}"


def describe_acceptance(reported: ReportedFinding) -> str:
    """Return who accepted a finding, or scheduled its fix. Empty without an acceptance."""
    acceptance = reported.acceptance
    if acceptance is None:
        return ""
    what = "Scheduled into the maintenance window" if reported.is_scheduled else "Accepted"
    return f"{what} {acceptance.decision}"


def describe_refusal(acceptance: Acceptance) -> str:
    """Return why an acceptance has no effect."""
    return (
        f"the acceptance by {acceptance.who} has no effect, because the upgrade stops until the "
        "problem is fixed."
    )
