"""Run the code of an installation on a copy, in an isolation that reaches nothing but the copy."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..facts import Apps
from ..target.boot_environment import PACKAGE, build_boot_environment, build_isolated_config
from ..target.deadline import Deadline
from ..target.isolation.sandbox import Sandbox, stop_launcher
from ..target.trial_boot import (
    CODE_FOLDER,
    CONFIG_FILE,
    TEMPORARY_FOLDER,
    link_code,
    read_last_line,
)
from .errors import RehearsalFailed

PROBE_MODULE = f"{PACKAGE}.probes.rehearsal"
JOURNAL_FILE = "journal.jsonl"
POLL_SECONDS = 0.2
KILLED = frozenset({-9, 247, 137})
"""Exit codes of a process that SIGKILL has ended: by itself, in its isolation, and in a shell."""
ENDED = "ended"
"""The event of a process that did not end by itself."""

Event = dict[str, Any]


@dataclass(frozen=True)
class Code:
    """The code of an installation, and how it is run."""

    python: Path
    """The interpreter of its environment."""
    config: str
    """The live configuration."""
    apps: Apps
    absent_apps: Sequence[str]
    """Apps of the configuration that are not in the environment."""
    credentials: frozenset[str]
    """Passwords of the live database. The code gets none of them."""


@dataclass(frozen=True)
class Order:
    """What a process does on the copy."""

    run: str
    """The name of the rehearsal, with which the copy is marked."""
    targets: tuple[tuple[str, ...], ...] = ()
    """The arguments of each call of ``migrate``. An empty tuple migrates forward."""
    steps: tuple[str, ...] = ()
    """The commands to run afterwards."""
    page_seconds: int = 0
    """The time for pages that are opened at the end. Zero for none."""


@dataclass(frozen=True)
class CopyProcesses:
    """Runs processes on a copy, one after the other."""

    sandbox: Sandbox
    """The isolation, which reaches the copy only."""
    deadline: Deadline
    """A process is ended at the end of this time limit."""
    on_event: Callable[[Event], None] = lambda event: None
    """Called with each event, soon after it was reported."""

    def run(self, code: Code, order: Order, folder: Path) -> tuple[Event, ...]:
        """Run a process, and return the events that it has reported.

        Args:
            code: The code.
            order: What to do.
            folder: A new folder for the files of the process.

        Returns:
            The events. The last one is ``done``, unless the process did not end by itself. Then it
            is ``ended`` with the reason.
        """
        writable = _prepare(code, folder, self.sandbox)
        journal = writable / JOURNAL_FILE
        journal.touch()
        words = _build_words(folder / CONFIG_FILE, journal, order, self.deadline)
        with (folder / "stderr").open("w+b") as errors:
            process = subprocess.Popen(  # noqa: S603 - the environment of the installation
                self.sandbox.wrap([str(code.python), *words], writable),
                cwd=writable,
                env=_build_environment(code, folder, writable),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,  # Not a pipe: a child process could keep it open.
                start_new_session=True,
            )
            try:
                events = tuple(_follow(process, journal, self.deadline, self.on_event))
            finally:
                stop_launcher(process)
            last_line = read_last_line(errors)
        if events and events[-1]["event"] == "done":
            return events
        is_late = self.deadline.remaining <= 0
        was_killed = process.returncode in KILLED
        if is_late:
            reason = "the time limit of the rehearsal was reached"
        elif was_killed:
            reason = "its process was killed, perhaps because the host had no memory left"
        else:
            reason = f"its process ended: {last_line or f'exit code {process.returncode}'}"
        is_interruption = is_late or was_killed
        return (*events, {"event": ENDED, "reason": reason, "is_interruption": is_interruption})


def _prepare(code: Code, folder: Path, sandbox: Sandbox) -> Path:
    """Write the files of a process, and return the folder in which it can write."""
    writable = folder / "writable"
    (writable / TEMPORARY_FOLDER).mkdir(parents=True)
    link_code(folder / CODE_FOLDER, code.apps)
    relay = sandbox.database_folder
    text = build_isolated_config(code.config, "default", code.absent_apps, writable, relay)
    (folder / CONFIG_FILE).write_text(text, "utf-8")
    return writable


def _build_words(config: Path, journal: Path, order: Order, deadline: Deadline) -> list[str]:
    text = json.dumps(
        {
            "run": order.run,
            "seconds": max(1, int(deadline.remaining) + 1),
            "targets": order.targets,
            "steps": order.steps,
            "page_seconds": order.page_seconds,
        }
    )
    return ["-m", PROBE_MODULE, str(config), str(journal), text]


def _build_environment(code: Code, folder: Path, writable: Path) -> dict[str, str]:
    environment = build_boot_environment(
        os.environ,
        code.python,
        folder / CODE_FOLDER,
        writable / TEMPORARY_FOLDER,
        sorted(code.credentials, key=len, reverse=True),
    )
    # The copy is written, and its server asks for no password.
    return environment | {"PGOPTIONS": "", "PGPASSWORD": "", "PGPASSFILE": os.devnull}


def _parse_event(line: bytes) -> Event:
    """Return an event. Code of Apps can write to the journal as well.

    Raises:
        RehearsalFailed: The line is no event.
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise RehearsalFailed("the code on the copy has changed its report")
    return event


def _follow(
    process: subprocess.Popen[bytes],
    journal: Path,
    deadline: Deadline,
    on_event: Callable[[Event], None],
) -> Iterator[Event]:
    """Yield the events of a process until it ends or the time limit is reached."""
    with journal.open("rb") as stream:
        unfinished = b""
        while True:
            has_ended = process.poll() is not None
            *lines, unfinished = (unfinished + stream.read()).split(b"\n")
            for line in lines:
                event = _parse_event(line)
                on_event(event)
                yield event
            if has_ended or deadline.remaining <= 0:
                return
            try:
                process.wait(min(POLL_SECONDS, max(0.01, deadline.remaining)))
            except subprocess.TimeoutExpired:
                continue
