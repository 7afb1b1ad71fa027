"""Fixes that an operator has scheduled into the maintenance window."""

from __future__ import annotations

from dataclasses import dataclass

from .layouts import Layout
from .steps import Step


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


def fix_step(scheduled: ScheduledFix, layout: Layout) -> Step:
    """Return the step of a scheduled fix. The configuration comes first, or no command starts."""
    return Step(
        "Fix what stops the upgrade",
        f"{scheduled.message} {scheduled.remediation}",
        (
            *(f"# in nautobot_config.py: {line}" for line in scheduled.configuration),
            *scheduled.shell,
            *(layout.statement(text) for text in scheduled.sql),
        ),
        expected="The problem is gone. If you cannot fix it, return to the old release now.",
    )
