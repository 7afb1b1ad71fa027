"""A runbook and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..deployment.known import Part
from ..upgrade.downtime import Downtime
from .server_commands import format_options

StepRole = Literal["preparation", "stop", "gate", "change", "start"]
"""Which steps a script repeats. Until the first change, it repeats the preparation, because the
database can have changed since. It stops the services again, until it has started them. It runs a
gate each time before the step after it, and no option leaves the gate out."""


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
    by_hand: bool = False
    """Whether the operator does it, because no command can. A script waits for the operator."""
    irreversible: bool = False
    """Whether only the backup can restore the state before the upgrade after this step."""


@dataclass(frozen=True)
class Runbook:
    """The steps of an upgrade or a rollback, and what a shell needs to run them."""

    steps: tuple[Step, ...] = ()
    instructions: str = ""
    """Where, and as which user, the operator runs the commands."""
    shell_setup: tuple[str, ...] = ()
    """Commands that each shell needs before it runs a command of a step."""
    deployment: tuple[Part, ...] = ()
    """The parts of the deployment that the commands rely on."""
    is_executable: bool = True
    """Whether a script can run all steps."""
    host: str = ""
    """Name of the host on which the commands must run. Empty if they run elsewhere."""
    downtime: Downtime | None = None
    """The downtime of an upgrade. None for a rollback."""
    state_command: str = ""
    """The command that prints the state of the database."""


EMPTY_RUNBOOK = Runbook()


def pip_source_options(wheel_directory: str) -> str:
    """Return the options that make pip install from a folder. Empty to use the configured index."""
    wheels = format_options(**{"find-links": wheel_directory})
    return f"{wheels and ' --no-index'}{wheels}"
