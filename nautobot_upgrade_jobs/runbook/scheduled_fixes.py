"""Fixes that an operator has scheduled into the maintenance window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .layouts import Layout
from .steps import Step

TITLE = "Fix what stops the upgrade"
EXPECTED = "The problem is gone. If you cannot fix it, return to the old release now."


@dataclass(frozen=True)
class ScheduledFix:
    """A problem that stops the upgrade unless the plan fixes it."""

    message: str
    remediation: str
    shell: tuple[str, ...] = ()
    """Commands for a shell."""
    sql: tuple[str, ...] = ()
    """Statements for the database."""
    configuration: tuple[str, ...] = ()
    """Lines of ``nautobot_config.py``."""


def fix_steps(scheduled: ScheduledFix, layout: Layout) -> Iterator[Step]:
    """Yield the steps of a scheduled fix: what the operator edits, then the commands."""
    why = f"{scheduled.message} {scheduled.remediation}"
    commands = (*scheduled.shell, *(layout.statement(text) for text in scheduled.sql))
    if scheduled.configuration or not commands:
        lines = (f"# in nautobot_config.py: {line}" for line in scheduled.configuration)
        yield Step(TITLE, why, tuple(lines), expected=EXPECTED, by_hand=True)
    if commands:
        yield Step(TITLE, why, commands, expected=EXPECTED)
