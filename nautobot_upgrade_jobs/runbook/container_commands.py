"""Commands of a plan for Nautobot in a container image. Each runs in a new container.

The containers of the services are stopped when the commands run. The new container bypasses the
entry point of the image, because the entry point would migrate the database.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from ..facts import Runtime
from .steps import Step

CONTAINER_IMAGE = "container image"
COMPOSE_RUN = (
    "docker compose run --rm -T --entrypoint '' "
    '--volume "$PWD":/window --workdir /window nautobot'
)
"""Start of a command: bypasses the entry point, and mounts the folder of the plan."""
USUAL_CONFIGURATION = '"$NAUTOBOT_ROOT"/nautobot_config.py'
NEEDS_CONTAINER = re.compile(
    r"nautobot-server |python -m nautobot_upgrade_jobs|python -c |tar |cp -p "
)
"""Commands that need Nautobot's environment or files. All other commands run on the host."""


def config_path(runtime: Runtime) -> str:
    """Return the path of the configuration, quoted for the shell."""
    return shlex.quote(runtime.config_file) if runtime.config_file else USUAL_CONFIGURATION


def for_runtime(step: Step, runtime: Runtime) -> Step:
    """Return a step with the commands as this installation must run them."""
    return replace(
        step,
        commands=tuple(wrap_command(command, runtime) for command in step.commands),
        verify=wrap_command(step.verify, runtime),
    )


def wrap_command(command: str, runtime: Runtime) -> str:
    """Return a command as this installation must run it, for example in a container."""
    if runtime.layout != CONTAINER_IMAGE:
        uses_config = runtime.config_file and command.startswith("nautobot-server ")
        return f"NAUTOBOT_CONFIG={config_path(runtime)} {command}" if uses_config else command
    if not NEEDS_CONTAINER.match(command):
        return command
    if "$NAUTOBOT_ROOT" not in command:
        return f"{COMPOSE_RUN} {command}"
    # The variable belongs to the container, not to the shell that runs the plan.
    quoted = shlex.quote(command.replace("$NAUTOBOT_ROOT", "${NAUTOBOT_ROOT}"))
    return f"{COMPOSE_RUN} sh -c {quoted}"
