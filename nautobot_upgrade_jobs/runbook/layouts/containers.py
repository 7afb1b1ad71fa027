"""Commands and paths inside a container."""

from __future__ import annotations

import shlex

SHELL_SYNTAX = "$><|&;"


def for_container(command: str) -> str:
    """Return the arguments of a command in a container. A shell there evaluates shell syntax."""
    if any(character in command for character in SHELL_SYNTAX):
        return f"sh -c {shlex.quote(command)}"
    return command


def path_in_container(config_file: str) -> str:
    """Return the path of the configuration, quoted for a shell in the container.

    Args:
        config_file: Path of the configuration. Empty for the usual path.
    """
    # The braces mark a variable of the container: the shell that runs the plan does not know it.
    return shlex.quote(config_file) if config_file else '"${NAUTOBOT_ROOT}"/nautobot_config.py'
