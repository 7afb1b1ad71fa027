"""``systemctl`` for the units in ``$SYSTEMD_UNIT_PATH``: start, stop, restart, is-active, cat."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from .machine import EmulatorError, Machine

NO_SUCH_UNIT = 5
INACTIVE = 3


def main(words: list[str]) -> int:
    """Run a command of ``systemctl``."""
    options = [word for word in words if word.startswith("-") and word != "--"]
    verb, *names = [word for word in words if not word.startswith("-")]
    unknown = set(options) - {"--quiet"}
    if unknown or not names:
        raise EmulatorError(f"invalid arguments: {shlex.join(words)}")
    machine = Machine()
    if verb == "is-active":
        states = [machine.is_running(name) for name in names]
        if "--quiet" not in options:
            print("\n".join("active" if running else "inactive" for running in states))
        return 0 if any(states) else INACTIVE
    units = {name: _find_unit(name) for name in names}
    if verb == "cat":
        for path in units.values():
            print(f"# {path}\n{path.read_text()}")
    elif verb in ("stop", "restart", "start"):
        for name, path in units.items():
            if verb != "start":
                machine.stop(name)
            if verb != "stop":
                _start(machine, name, path)
    else:
        raise EmulatorError(f"Unknown command verb {verb}.")
    return 0


def _find_unit(name: str) -> Path:
    file = name if name.endswith(".service") else f"{name}.service"
    for folder in os.environ["SYSTEMD_UNIT_PATH"].split(":"):
        path = Path(folder, file)
        if path.exists():
            return path
    raise EmulatorError(f"Unit {file} not found.", NO_SUCH_UNIT)


def _start(machine: Machine, name: str, path: Path) -> None:
    """Start a unit with its own environment only, and nothing of the operator's shell."""
    settings: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            settings.setdefault(key, []).append(value)
    env = dict(pair.split("=", 1) for text in settings.get("Environment", []) for pair in [text])
    for file in settings.get("EnvironmentFile", []):
        env |= _read_environment(Path(file))
    (command,) = settings["ExecStart"]
    program, *arguments = shlex.split(command)
    if not Path(program).exists():
        print(f"{name}: Failed to execute {program}: No such file or directory", file=sys.stderr)
        return  # The start of a simple unit succeeds, even if its program does not exist.
    folder = Path(settings.get("WorkingDirectory", ["/"])[-1])
    machine.start(name, [program, *arguments], env, folder)


def _read_environment(file: Path) -> dict[str, str]:
    lines = (line.partition("=") for line in file.read_text().splitlines() if line[:1] not in "#;")
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in lines if equals}
