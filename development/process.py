"""Running commands and servers: every server is known by its pid *and* its start time.

By the time we want to end a process, its pid may belong to another one; the pair never does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

UNPRIVILEGED = 65534  # owns no files; PostgreSQL and MySQL refuse to run as root


class StackError(Exception):
    """Something the caller can act on; shown as one line (and perhaps the end of a log)."""


class Process(NamedTuple):
    """The identity of one process; a later process with its pid has another start time."""

    pid: int
    started: str


def log_message(text: str) -> None:
    """Print progress to stderr, so that stdout holds results only."""
    print(text, file=sys.stderr, flush=True)


def identify(pid: int) -> Process | None:
    """Return the identity of a running process; None if it ended or is a zombie."""
    if not Path("/proc/self/stat").exists():
        return _identify_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else Process(pid, f"{boot} {fields[19]}")


def _identify_by_ps(pid: int) -> Process | None:
    """Return the identity on systems without /proc."""
    shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return Process(pid, shown.stdout.strip()) if shown.stdout.strip() else None


def is_alive(process: Process) -> bool:
    """Return whether exactly this process still runs."""
    return identify(process.pid) == process


def children(pid: int) -> list[Process]:
    """Return all descendants of a process, without itself."""
    below: dict[int, list[int]] = {}
    for child, parent in _iter_parent_pids():
        below.setdefault(parent, []).append(child)
    found, queue = [], [pid]
    while queue:
        queue += (offspring := below.get(queue.pop(), []))
        found += [process for child in offspring if (process := identify(child))]
    return found


def _iter_parent_pids() -> Iterator[tuple[int, int]]:
    """Yield the pid and parent pid of all processes; slim images have no ``ps``."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True)
        for line in listing.stdout.splitlines():
            child, parent = line.split()
            yield int(child), int(parent)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])


def terminate(process: Process, sign: int = signal.SIGTERM, patience: float = 15) -> None:
    """End this process and its descendants only; return when they have ended."""
    if not is_alive(process):
        return
    family = [*children(process.pid), process]
    _signal(process, sign)
    with contextlib.suppress(StackError):
        wait_until(lambda: not is_alive(process), patience, "the process to end")
    for member in family:
        _signal(member, signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, family)), 10, f"process {process.pid} to end")


def _signal(process: Process, sign: int) -> None:
    """Signal a process if its identity still matches."""
    if is_alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sign)


def unprivileged(command: Sequence[str | Path]) -> list[str]:
    """The command as a server may run it: unchanged, or for root as an unprivileged user.

    The ambient capability lets that user pass folders that are closed to it, such as a checkout
    below a private home, and the secure bit makes access(2) honour it. The files of the server
    belong to that user all the same.
    """
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    drop = ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]
    passing = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    passing += ["--securebits=+no_setuid_fixup"]
    try:
        allowed = subprocess.run([*drop, *passing, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        raise StackError(
            "setpriv is missing (package util-linux); servers need it as root"
        ) from None
    # A container without that capability has to have a checkout that everybody may enter.
    return [*drop, *(passing if allowed else []), *words]


def create_server_folder(folder: Path) -> Path:
    """Create a folder that only the user of the server may read."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    return folder


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    what: str = "",
    cwd: Path | None = None,
) -> str:
    """Run a command to its end and return its output; a failure shows the end of it."""
    words = [str(word) for word in command]
    what = what or " ".join(words[:3])
    try:
        if log is None:
            done = subprocess.run(words, env=env, cwd=cwd, capture_output=True, text=True)
            code, output = done.returncode, done.stdout + (done.stderr if done.returncode else "")
        else:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as stream:
                code = subprocess.run(
                    words, env=env, cwd=cwd, stdout=stream, stderr=stream
                ).returncode
            output = tail(log)
    except FileNotFoundError:
        raise StackError(f"{words[0]} is missing on this machine, {what} needs it") from None
    if code != 0:
        seen = "\n".join(output.splitlines()[-25:])
        raise StackError(f"{what} failed (exit code {code}):\n{seen}")
    return output


def spawn(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> Process:
    """Start a server in its own session, its output in a log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=env,
            start_new_session=True,
        )
    process = identify(server.pid)
    if process is None:
        raise StackError(f"{command[0]} ended at once:\n{tail(log)}")
    # The server outlives this program; without this, Python warns about it at exit.
    server.returncode = 0
    return process


def tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return f"(no log at {log})"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll until a condition is true."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.05)


def await_server(
    process: Process, ready: Callable[[], bool], log: Path, what: str, seconds: float = 60
) -> None:
    """Poll until a server answers; its early end or silence shows the end of its log."""

    def answered() -> bool:
        if not is_alive(process):
            raise StackError(f"{what} ended while starting; the end of {log}:\n{tail(log)}")
        return ready()

    try:
        wait_until(answered, seconds, what)
    except BaseException as error:
        terminate(process)  # it is not recorded yet
        if isinstance(error, StackError):
            raise StackError(f"{error}\nsee {log}") from None
        raise


def free_port(wanted: int | None = None) -> int:
    """Return a free port on the loopback interface, the preferred one if possible."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError:
            return free_port()
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    """Return whether a server accepts connections on this port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; a second caller waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log_message(f"waiting for another run that holds {path}")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
