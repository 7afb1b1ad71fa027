"""Run a command in namespaces of its own, and end all its descendants.

This file is run as a script by the interpreter of the installation, and imports nothing of this
package. In its namespaces the command sees no other process and no network. Every file is
read-only, except in the folders that it is given. It has the harmless devices only. Without a
network, sockets of other programs are covered.

Usage: launcher.py OPTIONS COMMAND..., where OPTIONS is a JSON object:

- ``writable``: the folders in which the command may write.
- ``reachable``: further folders whose sockets the command may use.
- ``namespaces``: whether to use namespaces. Without them, only the descendants are ended.
- ``network``: whether the command may use the network and the sockets of other programs.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
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
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NODEV = 1, 4
SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
KEYCTL_JOIN_SESSION_KEYRING = 1
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 1, 24, 28
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38
SECURE_NOROOT_LOCKED = 0b11
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
SOCKET_FOLDERS = ("/run", "/tmp", "/var/run", "/var/tmp")  # noqa: S108 - only searched
MAX_SOCKET_DEPTH = 4
"""Such as ``/run/user/1000/bus``. Temporary folders can contain whole installations."""
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
"""The devices of the command. A read-only mount does not keep it from writing to a disk."""
DEVICE_LINKS = {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
"""Links of ``/dev`` to ``/proc/self``."""
UNAVAILABLE = 125
"""Exit code if the kernel refuses a step of the isolation."""
REFUSALS = frozenset(
    {errno.EACCES, errno.EINVAL, errno.ENOSPC, errno.ENOSYS, errno.EPERM, errno.EUSERS}
)
"""Errors of a kernel that does not offer namespaces, or not to this account."""


def main(options: dict[str, Any], command: list[str]) -> int:
    """Run the command, and return its exit code."""
    _call(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGTERM)
    _call(LIBC.prctl, PR_SET_CHILD_SUBREAPER, 1)
    _leave_keyring()
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


def _leave_keyring() -> None:
    """Replace the keyring of the session, which can contain keys of the caller, by an empty one."""
    if number := SYS_KEYCTL.get(os.uname().machine):
        LIBC.syscall(number, KEYCTL_JOIN_SESSION_KEYRING, None)


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
        os._exit(_report(error))
    child = os.fork()
    if child == 0:
        _drop_privileges()
        _execute(command)
    os._exit(_wait(child))


def _make_files_read_only(writable: list[str], sockets: list[str]) -> None:
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    for path in writable:
        _mount(path, path, None, MS_BIND | MS_REC)
    for path in sockets:
        # Another program can remove its socket at any time.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            _mount("/dev/null", path, None, MS_BIND)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    # The command could otherwise become an administrator of a further namespace.
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _change_mount("/", AT_RECURSIVE, added=MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV)
    for path in writable:
        _change_mount(path, 0, removed=MOUNT_ATTR_RDONLY)
    _replace_devices()
    os.chdir(Path.cwd())  # The folder can now be reached by a writable mount.


def _replace_devices() -> None:
    """Cover ``/dev`` with a folder in memory that contains the harmless devices only."""
    dev = Path("/dev")
    devices = {
        name: os.open(dev / name, os.O_PATH) for name in DEVICES if (dev / name).is_char_device()
    }
    _mount("tmpfs", str(dev), "tmpfs", MS_NOSUID | MS_NODEV)
    for name, descriptor in devices.items():
        path = dev / name
        path.touch()
        _mount(f"/proc/self/fd/{descriptor}", str(path), None, MS_BIND)
        _change_mount(str(path), 0, removed=MOUNT_ATTR_NODEV)
        os.close(descriptor)
    for name, place in DEVICE_LINKS.items():
        (dev / name).symlink_to(f"/proc/self/{place}")
    (dev / "shm").mkdir()
    (dev / "shm").chmod(0o1777)


def _foreign_sockets(folders: list[str]) -> list[str]:
    """Return the sockets and pipes of other programs, outside of some folders.

    The kernel lists the sockets of this network, by the paths that their programs used. Others are
    found in the folders for sockets and temporary files.
    """
    lines = Path("/proc/net/unix").read_text("utf-8", "surrogateescape").splitlines()[1:]
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
    """Replace this process by the command. The kernel kills it when the launcher ends."""
    try:
        _call(LIBC.prctl, PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execv(command[0], command)  # noqa: S606
    except OSError as error:
        print(f"{command[0]}: {error}", file=sys.stderr, flush=True)
        os._exit(127)


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    words = [None if each is None else os.fsencode(each) for each in (source, target, kind)]
    _call(LIBC.mount, *words, ctypes.c_ulong(flags), None)


def _change_mount(path: str, flags: int, *, added: int = 0, removed: int = 0) -> None:
    attributes = struct.pack("4Q", added, removed, 0, 0)
    _call(LIBC.syscall, SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, attributes, 32)


def _call(function: Any, *arguments: Any) -> None:
    """Call a function of the C library.

    Raises:
        OSError: The kernel refuses the call.
    """
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function.__name__}: {os.strerror(number)}")


def _report(error: Exception) -> int:
    """Print an error, and return the exit code: is it a refusal of the kernel, or a failure?"""
    print(f"isolation: {error}", file=sys.stderr, flush=True)
    is_refusal = isinstance(error, AttributeError) or getattr(error, "errno", 0) in REFUSALS
    return UNAVAILABLE if is_refusal else 1


if __name__ == "__main__":
    try:
        sys.exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
    except (OSError, AttributeError) as failure:  # Only Linux has these functions.
        sys.exit(_report(failure))
