"""Choose the strongest isolation that this host offers, and run a command in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...facts.trial_boot import Isolation
from ..boot_result import BootFailed
from ..scratch_dir import ScratchError, scratch_folder
from ..uv import find_interpreter, kill_process_group
from . import SOCKET_NAMES, LiveDatabase
from .launcher import UNAVAILABLE
from .relay import Relay, create_relay

LAUNCHER = Path(__file__).with_name("launcher.py")
PROBE_SECONDS = 10
STOP_SECONDS = 10
POLL_SECONDS = 0.1
NOT_PREPARED = "its isolation could not be prepared: {}"
DATABASE_FOLDER = "database"
MAX_FOLDER_BYTES = 107 - max(len(f"/{name}") for name in SOCKET_NAMES.values())
NO_NAMESPACES = "the kernel of this host refuses namespaces to the account of Nautobot ({})"
NETWORK_ALLOWED = "the App's setting allow_network is True"
NO_RELAY = "no relay to the database could be used ({})"


@dataclass(frozen=True)
class Sandbox:
    """The isolation of one trial boot."""

    isolation: Isolation
    database_folder: str = ""
    """The folder of the relay's socket. Empty without a relay."""

    def wrap(self, command: Sequence[str], writable: Path) -> list[str]:
        """Return the command that runs a command in this isolation.

        Args:
            command: The program and its arguments.
            writable: The only folder in which the command may write. It exists.
        """
        return _launch(
            command,
            writable=[str(writable)],
            reachable=[self.database_folder] if self.database_folder else [],
            namespaces=self.isolation.hides_files,
            network=not self.isolation.hides_network,
        )


@contextlib.contextmanager
def open_sandbox(
    folder: Path,
    database: LiveDatabase,
    timeout_seconds: int,
    *,
    allow_network: bool = False,
) -> Iterator[Sandbox]:
    """Start what the isolation needs, and end it afterwards.

    Args:
        folder: The folder for the socket of the relay. It exists.
        database: The database of the command.
        timeout_seconds: The server ends a statement of the command after this time.
        allow_network: Whether the command may use the network.

    Raises:
        BootFailed: The namespaces could not be prepared, although the kernel offers them.
    """
    refusal = _probe_namespaces(folder)
    gaps = [NO_NAMESPACES.format(refusal)] if refusal else []
    if allow_network and not refusal:
        gaps.append(NETWORK_ALLOWED)
    with contextlib.ExitStack() as stack:
        relay: Relay | None = None
        try:
            sockets = stack.enter_context(_socket_folder(folder))
            relay = stack.enter_context(create_relay(sockets, database, timeout_seconds))
        except (OSError, ScratchError, ImportError) as error:
            gaps.append(NO_RELAY.format(error))
        isolation = Isolation(
            has_relay=relay is not None,
            hides_files=not refusal,
            hides_network=not (refusal or relay is None or allow_network),
            is_superuser=relay is not None and relay.is_superuser,
            gaps=tuple(gaps),
        )
        yield Sandbox(isolation, str(relay.folder) if relay else "")


def reach_copy(folder: Path, sockets: Path) -> Sandbox:
    """Return an isolation that reaches a database server in a folder, and no other.

    The processes in it may write to that server. None of them gets a credential of another one.

    Args:
        folder: A folder in which the isolation is tested. It exists.
        sockets: The folder of the server's socket.

    Raises:
        BootFailed: The namespaces could not be prepared, although the kernel offers them.
    """
    refusal = _probe_namespaces(folder)
    isolation = Isolation(
        has_relay=True,
        hides_files=not refusal,
        hides_network=not refusal,
        gaps=(NO_NAMESPACES.format(refusal),) if refusal else (),
    )
    return Sandbox(isolation, str(sockets))


def stop_launcher(process: subprocess.Popen[Any]) -> None:
    """End a launcher. It ends all descendants of its command first.

    Without namespaces, the command can stop the launcher. Then its descendants are ended here.
    """
    deadline = time.monotonic() + STOP_SECONDS
    if process.poll() is None:
        process.terminate()
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)
    while process.poll() is None and (running := _list_descendants(process.pid)):
        for descendant in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(descendant, signal.SIGKILL)
    kill_process_group(process)


def _list_descendants(parent: int) -> list[int]:
    """Return the descendants of a process that have not ended."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            for child in map(int, task.read_text().split()):
                state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
                found += [*([] if state in "XZ" else [child]), *_list_descendants(child)]
    return found


@contextlib.contextmanager
def _socket_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder for the relay's socket. The path of a socket is limited to 107 bytes."""
    sockets = folder / DATABASE_FOLDER
    if len(os.fsencode(sockets)) <= MAX_FOLDER_BYTES:
        sockets.mkdir(exist_ok=True)
        yield sockets
    else:
        with scratch_folder("") as sockets:
            yield sockets


def _probe_namespaces(folder: Path) -> str:
    """Return why the kernel refuses namespaces. Empty if it offers them.

    Raises:
        BootFailed: They could not be prepared for another reason, such as a lack of memory.
    """
    command = _launch(
        [find_interpreter(), "-I", "-S", "-c", ""],
        writable=[str(folder)],
        reachable=[],
        namespaces=True,
        network=False,
    )
    try:
        ended = subprocess.run(  # noqa: S603 - our own file
            command, capture_output=True, errors="replace", timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BootFailed(NOT_PREPARED.format(error)) from None
    if ended.returncode == 0:
        return ""
    last_line = ended.stderr.strip().rpartition("\n")[2].removeprefix("isolation: ")
    reason = last_line or f"exit code {ended.returncode}"
    if ended.returncode == UNAVAILABLE:
        return reason
    raise BootFailed(NOT_PREPARED.format(reason))


def _launch(command: Sequence[str], **options: Any) -> list[str]:
    """Return the command that starts the launcher. Its file describes the options."""
    return [find_interpreter(), "-I", "-S", str(LAUNCHER), json.dumps(options), *command]
