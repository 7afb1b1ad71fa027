"""Commands of a plan where Nautobot is an image: each runs in a container of its own.

The services are stopped meanwhile, and the image's entry point would migrate as it starts.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ..facts import Runtime

if TYPE_CHECKING:
    from .upgrade import Step

IMAGE = "container image"
RUN = (
    "docker compose run --rm -T --entrypoint '' "
    '--volume "$PWD":/window --workdir /window nautobot'
)
"""Around the entry point, and with the folder of the window, which the host keeps."""
OF_NAUTOBOT = re.compile(r"nautobot-server |python -m nautobot_upgrade_jobs|python -c |tar |cp -p ")
"""What takes Nautobot's environment or its files; the rest is the host's, or the server's."""


def in_place(step: Step, runtime: Runtime) -> Step:
    """Return a step with its commands as they are run here."""
    return replace(
        step,
        commands=tuple(here(command, runtime) for command in step.commands),
        verify=here(step.verify, runtime),
    )


def here(command: str, runtime: Runtime) -> str:
    """Return a command as it is run here."""
    if runtime.layout != IMAGE or not OF_NAUTOBOT.match(command):
        return command
    if "$NAUTOBOT_ROOT" not in command:
        return f"{RUN} {command}"
    # A variable of the container, not of the shell that runs the plan.
    return f"{RUN} sh -c {shlex.quote(command.replace('$NAUTOBOT_ROOT', '${NAUTOBOT_ROOT}'))}"
