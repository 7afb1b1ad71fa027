"""``python -m development.emulator PROGRAM …``: run an emulated program."""

from __future__ import annotations

import sys
from collections.abc import Callable

from . import docker, kubernetes, systemctl
from .machine import EmulatorError

PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "systemctl": systemctl.main,
    "docker": docker.main,
    "kubectl": kubernetes.kubectl,
    "helm": kubernetes.helm,
}


def main(program: str) -> int:
    """Run a program with the arguments of the command line."""
    try:
        return PROGRAMS[program](sys.argv[1:])
    except EmulatorError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return error.code


if __name__ == "__main__":
    program = sys.argv.pop(1)
    sys.exit(main(program))
