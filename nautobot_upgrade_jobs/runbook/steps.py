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
    """The result that the operator must see, if no command can verify the step."""
    irreversible: bool = False
    """Whether only the backup can restore the state before the upgrade after this step."""


def pip_source_options(wheel_directory: str) -> str:
    """Return the options that make pip install from a folder. Empty to use the configured index."""
    wheels = format_options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"
