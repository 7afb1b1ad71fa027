"""The step of a runbook, and code for the steps of upgrade and rollback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .server_commands import format_options

StepRole = Literal["preparation", "stop", "change", "start"]
"""Which steps a script repeats. Until the first change, it repeats the preparation, because the
database can have changed since. It stops the services again, until it has started them."""


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
    role: StepRole = "change"
    irreversible: bool = False
    """Whether only the backup can restore the state before the upgrade after this step."""


def pip_source_options(wheel_directory: str) -> str:
    """Return the options that make pip install from a folder. Empty to use the configured index."""
    wheels = format_options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"
