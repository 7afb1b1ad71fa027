"""The machine of the emulator: its state in a file, and its processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ..process import Process, is_alive, spawn, terminate

FOLDER_VARIABLE = "EMULATOR_FOLDER"
MINIMAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The path of services, which have nothing of the environment of the operator."""


class EmulatorError(Exception):
    """An error of an emulated program, with the exit code of the real one."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class Parser(ArgumentParser):
    """A parser that refuses what the emulator does not know, as an error of the real program.

    Args:
        code: The exit code of the real program.
    """

    def __init__(self, code: int = 1) -> None:
        super().__init__(add_help=False, allow_abbrev=False)
        self.code = code

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise EmulatorError(f"{message} (the emulator does not know this)", self.code)


class Machine:
    """Processes by name, and sections of a state file."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(os.environ[FOLDER_VARIABLE])

    @contextmanager
    def state(self) -> Iterator[dict[str, Any]]:
        """Yield the state, and save it. No other program changes it meanwhile."""
        path = self.folder / "emulator.json"
        with (self.folder / "emulator.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Many programs wait for a moment each.
            state = json.loads(path.read_text()) if path.exists() else {}
            yield state
            temporary = path.with_suffix(".tmp")
            temporary.write_text(json.dumps(state, indent=2))
            temporary.rename(path)

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        return self.folder / "log" / f"{name}.log"

    def start(
        self, name: str, command: Sequence[str], env: Mapping[str, str], folder: Path
    ) -> None:
        """Start a process, unless it runs. It returns at once, as systemd does for most units."""
        if self.is_running(name):
            return
        words = ["env", f"--chdir={folder}", *command]
        process = spawn(words, self.log(name), {"PATH": MINIMAL_PATH, **env})
        with self.state() as state:
            state.setdefault("processes", {})[name] = list(process)

    def stop(self, name: str, patience: float = 90) -> None:
        """Stop a process and its descendants: SIGTERM, and SIGKILL if it does not end in time."""
        process = self._process(name)
        if process:
            terminate(process, signal.SIGTERM, patience)
        with self.state() as state:
            state.get("processes", {}).pop(name, None)

    def is_running(self, name: str) -> bool:
        """Return whether a process runs."""
        process = self._process(name)
        return bool(process) and is_alive(process)

    def running(self) -> tuple[str, ...]:
        """Return the names of all processes that run."""
        with self.state() as state:
            names = tuple(state.get("processes", {}))
        return tuple(name for name in names if self.is_running(name))

    def _process(self, name: str) -> Process | None:
        with self.state() as state:
            recorded = state.get("processes", {}).get(name)
        return Process(*recorded) if recorded else None

    @staticmethod
    def variables(path: str) -> dict[str, str]:
        """Return the variables of a container: a path, and what names the package index."""
        index = ("PIP_", "UV_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "HOME")
        kept = {name: value for name, value in os.environ.items() if name.startswith(index)}
        return {**kept, "PATH": path, "container": "emulator"}

    def shut_down(self) -> None:
        """End all processes, and forget the state."""
        for name in self.running():
            self.stop(name, patience=10)
        (self.folder / "emulator.json").unlink(missing_ok=True)


def write_programs(folder: Path, programs: Sequence[str], python: Path) -> None:
    """Write executable files that run the emulator under the names of the real programs.

    Args:
        folder: Folder for the path of the operator's shell.
        programs: Names of the programs.
        python: Python with PyYAML, for the files of Docker Compose.
    """
    folder.mkdir(parents=True, exist_ok=True)
    repository = Path(__file__).resolve().parents[2]
    for name in programs:
        path = folder / name
        start = f"import sys; sys.path.insert(0, {str(repository)!r})"
        main = f"from development.emulator.__main__ import main; sys.exit(main({name!r}))"
        path.write_text(f'#!/bin/sh\nexec {python} -c {shell_quote(f"{start}; {main}")} "$@"\n')
        path.chmod(0o755)
    sudo = folder / "sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)


def shell_quote(text: str) -> str:
    """Quote a word for the shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def find_program(name: str, folder: Path) -> str:
    """Return the path of a program in a folder or on the minimal path."""
    found = shutil.which(name, path=f"{folder}:{MINIMAL_PATH}")
    if not found:
        raise EmulatorError(f'exec: "{name}": executable file not found in $PATH', 127)
    return found
