"""One step of a runbook, and what the steps of the upgrade and of the rollback share."""

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
    """A command, or a sentence, that proves that the step worked."""
    irreversible: bool = False
    """Whether only a restore of the backup undoes what follows after this step."""


def pip_source_options(wheel_directory: str) -> str:
    """Return the options that make pip install from a folder; empty for the configured index."""
    wheels = format_options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"
