"""Keep a folder and a database server until the process that uses them has ended.

Then end the server, and remove the folder.

This file is run as a script by the interpreter of the installation, and imports nothing of this
package. A Job can be ended by SIGKILL, so what a rehearsal leaves must be removed by another
process. Its standard input ends when its caller ends, in whatever way.

Usage: keeper.py FOLDER, where FOLDER is the folder of the rehearsal. Standard input can contain one
line, a JSON object that starts the server:

- ``command``: the command of the server.
- ``user``, ``group``: the numbers of the account that runs the server. Null for this account.
- ``log``: the file for what the server writes.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LOCK_FILE = "lock"
QUIT_SECONDS = 10
"""After this time, the server is killed."""
POLL_SECONDS = 0.1
KILL_ROUNDS = 20


def main(folder: Path) -> None:
    """Hold the lock of the folder, run the server, and remove the folder at the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # The end of the caller is the only reason to end.
    try:
        with _hold_lock(folder):
            if order := _read_order():
                server = _start_server(json.loads(order))
                _wait(server)
                _end_server(server)
            kill_processes_in(folder)
    finally:
        remove(folder)


def _read_order() -> bytes:
    """Return the line that starts the server. Empty if the caller ends before."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(sys.stdin.fileno(), 1)
        if not part:
            return b""
        line += part
    return line


@contextlib.contextmanager
def _hold_lock(folder: Path) -> Any:
    """Hold the lock by which a later run recognizes that this run has not ended."""
    unlocked = folder / f".{LOCK_FILE}"
    with unlocked.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unlocked.rename(folder / LOCK_FILE)
        yield


def _start_server(options: dict[str, Any]) -> subprocess.Popen[bytes]:
    account = {}
    if options["user"] is not None:
        account = {"user": options["user"], "group": options["group"], "extra_groups": []}
    with open(options["log"], "ab") as log:
        return subprocess.Popen(  # noqa: S603 - the server that the caller names
            options["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_keeper,
            **account,
        )


def _end_with_keeper() -> None:
    """Let the kernel end the server if this process is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait(server: subprocess.Popen[bytes]) -> None:
    """Wait until the caller or the server has ended."""
    while server.poll() is None:
        readable, _, _ = select.select([sys.stdin], [], [], POLL_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            return


def _end_server(server: subprocess.Popen[bytes]) -> None:
    """End the server. While it starts, it does not notice a signal, so it gets several."""
    deadline = time.monotonic() + QUIT_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        server.send_signal(signal.SIGQUIT)
        time.sleep(POLL_SECONDS)
    if server.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def kill_processes_in(folder: Path) -> None:
    """Kill what still works in the folder, such as an installer whose caller was killed.

    One of them can start another one meanwhile, so this looks again until none is left.
    """
    for _ in range(KILL_ROUNDS):
        if not (running := _list_processes_in(folder)):
            return
        for process in running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _list_processes_in(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            place = (process / "cwd").readlink()
            if int(process.name) != os.getpid() and folder in (place, *place.parents):
                found.append(int(process.name))
    return found


def remove(folder: Path) -> None:
    """Remove the folder. Its new name shows a later run that it is no longer used."""
    removed = folder.with_name(f"removed-{folder.name}")
    with contextlib.suppress(OSError):
        folder.rename(removed)
    for path in (removed, folder):
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
