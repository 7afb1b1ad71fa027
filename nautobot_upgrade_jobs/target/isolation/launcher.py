"""Run a command in namespaces of its own, and end all its descendants.

This file is run as a script by the interpreter of the installation, and imports nothing of this
package. In its namespaces the command sees no other process and no network. Every file is
read-only, except in the folders that it is given. Without a network, sockets of other programs are
covered.

Usage: launcher.py OPTIONS COMMAND..., where OPTIONS is a JSON object:

- ``writable``: the folders in which the command may write.
- ``reachable``: further folders whose sockets the command may use.
- ``namespaces``: whether to use namespaces. Without them, only the descendants are ended.
- ``network``: whether the command may use the network and the sockets of other programs.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
SYS_MOUNT_SETATTR = 442
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
MOUNT_ATTR_RDONLY = 1
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 1, 24, 28
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECURE_NOROOT_LOCKED = 0b11
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
SOCKET_FOLDERS = ("/run", "/tmp", "/var/run", "/var/tmp")  # noqa: S108 - only searched
MAX_SOCKET_DEPTH = 4
"""Such as ``/run/user/1000/bus``. Temporary folders can contain whole installations."""
COVERED_FOLDERS = ("/dev/pts", "/dev/shm")  # noqa: S108
"""Terminals and memory of other programs."""
COVERED_DEVICES = ("/dev/console", "/dev/kmsg", "/dev/vsock")
"""The console, the log of the kernel, and the host of a virtual machine."""
UNAVAILABLE = 125
"""Exit code if the kernel refuses a step of the isolation."""


def main(options: dict[str, Any], command: list[str]) -> int:
    """Run the command, and return its exit code."""
    _call(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGTERM)
    _call(LIBC.prctl, PR_SET_CHILD_SUBREAPER, 1)
    if options["namespaces"]:
        kept = [*options["writable"], *options["reachable"]]
        sockets = [] if options["network"] else _foreign_sockets(kept)
        _enter_namespaces(has_network=bool(options["network"]))
        run: Callable[[list[str]], None] = partial(_run_first_process, options["writable"], sockets)
    else:
        run = _execute
    child = os.fork()
    if child == 0:
        run(command)
    end = partial(_kill, child) if options["namespaces"] else _end_descendants
    signal.signal(signal.SIGTERM, lambda *_: (end(), os._exit(128 + signal.SIGTERM)))
    code = _wait(child)
    end()
    return code


def _wait(child: int) -> int:
    """Wait for one child, and collect others that end before it."""
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _kill(process: int) -> None:
    """Kill a process. If it is the first one of a namespace, the kernel kills all others."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _end_descendants() -> None:
    """Kill all descendants, also those that have left the process group."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in children:
            _kill(int(child))
        with contextlib.suppress(ChildProcessError):
            os.wait()


def _enter_namespaces(*, has_network: bool) -> None:
    """Enter new namespaces. The account keeps its number and gets no further rights."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC
    _call(LIBC.unshare, flags | (0 if has_network else CLONE_NEWNET))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _run_first_process(writable: list[str], sockets: list[str], command: list[str]) -> None:
    """Prepare the namespaces, and run the command. When this process ends, all others end."""
    try:
        _call(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGKILL)
        _make_files_read_only(writable, sockets)
    except OSError as error:
        print(f"isolation: {error}", file=sys.stderr, flush=True)
        os._exit(UNAVAILABLE)
    child = os.fork()
    if child == 0:
        _drop_privileges()
        _execute(command)
    os._exit(_wait(child))


def _make_files_read_only(writable: list[str], sockets: list[str]) -> None:
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    for path in writable:
        _mount(path, path, None, MS_BIND | MS_REC)
    for path in (*sockets, *filter(os.path.exists, COVERED_DEVICES)):
        _mount("/dev/null", path, None, MS_BIND)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # The command could otherwise become an administrator of a further namespace.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    covered = [path for path in COVERED_FOLDERS if Path(path).is_dir()]
    for path in covered:
        _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV)
    _set_read_only("/", AT_RECURSIVE, is_read_only=True)
    for path in (*writable, *covered):
        _set_read_only(path, 0, is_read_only=False)
    os.chdir(Path.cwd())  # The folder can now be reached by a writable mount.


def _foreign_sockets(folders: list[str]) -> list[str]:
    """Return the sockets and pipes of other programs, outside of some folders.

    The kernel lists the sockets of this network, by the paths that their programs used. Others are
    found in the folders for sockets and temporary files.
    """
    lines = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()[1:]
    listed = (line.split(maxsplit=7)[7] for line in lines if line.count(" /"))
    paths = {*listed, *(path for folder in SOCKET_FOLDERS for path in _find_sockets(folder))}
    own = tuple(f"{path.rstrip('/')}/" for path in folders)
    return sorted(path for path in paths if not path.startswith(own) and _is_foreign(path))


def _find_sockets(folder: str) -> Iterator[str]:
    """Yield what is neither a file nor a folder nor a link. Folders that are closed are skipped."""
    remaining = [(folder, MAX_SOCKET_DEPTH)]
    while remaining:
        path, depth = remaining.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if depth > 1:
                            remaining.append((entry.path, depth - 1))
                    elif not (entry.is_file(follow_symlinks=False) or entry.is_symlink()):
                        yield entry.path
        except OSError:
            continue


def _is_foreign(path: str) -> bool:
    """Return whether a path is a socket or a pipe that this account can reach."""
    try:
        mode = os.stat(path).st_mode
    except OSError:  # The account cannot enter its folder, or it is gone.
        return False
    return stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode)


def _drop_privileges() -> None:
    """Give up all capabilities for good, also those that a command of root would get."""
    for capability in range(LAST_CAPABILITY + 1):
        LIBC.prctl(PR_CAPBSET_DROP, capability)  # Fails for numbers that the kernel does not know.
    _call(LIBC.prctl, PR_SET_SECUREBITS, SECURE_NOROOT_LOCKED)
    _call(LIBC.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _call(LIBC.capset, header, struct.pack("6I", *[0] * 6))


def _execute(command: list[str]) -> None:
    """Become the command. It ends with the launcher."""
    try:
        _call(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr, flush=True)
        os._exit(127)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    words = [None if each is None else each.encode() for each in (source, target, kind)]
    _call(LIBC.mount, *words, ctypes.c_ulong(flags), None)


def _set_read_only(path: str, flags: int, *, is_read_only: bool) -> None:
    changes = (MOUNT_ATTR_RDONLY, 0) if is_read_only else (0, MOUNT_ATTR_RDONLY)
    attributes = struct.pack("4Q", *changes, 0, 0)
    _call(LIBC.syscall, SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, attributes, 32)


def _call(function: Any, *arguments: Any) -> None:
    """Call a function of the C library.

    Raises:
        OSError: The kernel refuses the call.
    """
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function.__name__}: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
    except OSError as error:
        sys.exit(f"isolation: {error}")
