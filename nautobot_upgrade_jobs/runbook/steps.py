"""The step of a runbook, and code for the steps of upgrade and rollback."""

from __future__ import annotations

from dataclasses import dataclass

from .server_commands import format_options


@dataclass(frozen=True)
class Step:
    """One step of a runbook."""

    title: str
    why: str
    commands: tuple[str, ...]
    verify: str = ""
    """A command that fails unless the step worked."""
    expected: str = ""
    """What the operator must see, if no command can verify the step."""
    irreversible: bool = False
    """Whether only the backup can restore the previous state after this step."""


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


def pip_source_options(wheel_directory: str) -> str:
    """Return the options that make pip install from a folder; empty to use the configured index."""
    wheels = format_options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"
