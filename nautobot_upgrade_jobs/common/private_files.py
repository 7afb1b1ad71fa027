"""Write files that are complete or absent, and that only their owner can read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import stat
import tempfile
import time
from pathlib import Path

UNFINISHED_PREFIX = ".unfinished-"
PROCESS_ID = re.compile("[0-9]{1,9}")
STALE_SECONDS = 86_400
"""After this time, an unfinished file of another host is removed."""


class UnsafeFolderError(OSError):
    """Every user of the host can replace the files of a folder."""


def require_safe_folder(folder: Path) -> None:
    """Create a folder, and check that other users cannot replace the files in it.

    Raises:
        UnsafeFolderError: Every user of this host can replace them.
        OSError: The folder cannot be created.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)  # even without a umask
    resolved = folder.resolve()
    for path in (resolved, *resolved.parents):
        mode = path.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UnsafeFolderError(
                f"every user of this host can replace files in {folder}. Choose another folder, or "
                f"run chmod o-w {path}"
            )


def write_private_file(path: Path, data: bytes) -> None:
    """Write a file atomically. A link at this path is replaced, not followed.

    Also remove the unfinished files of runs that were killed.

    Raises:
        UnsafeFolderError: Every user of this host can replace files in the folder.
        OSError: The file cannot be written. An older file at this path is unchanged.
    """
    folder = path.parent
    require_safe_folder(folder)
    _remove_stale_files(folder)
    handle, name = tempfile.mkstemp(prefix=f"{UNFINISHED_PREFIX}{_owner()}-", dir=folder)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            with contextlib.suppress(OSError):  # Some file systems have no locks.
                fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    _fsync_folder(folder)


def _owner() -> str:
    return f"{platform.node().replace('-', '_')}-{os.getpid()}"


def _remove_stale_files(folder: Path) -> None:
    """Remove the unfinished files of processes that have ended, as far as this user may."""
    for path in folder.glob(f"{UNFINISHED_PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_stale(path):
                path.unlink()


def _is_stale(path: Path) -> bool:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return False
    host, _, rest = path.name.removeprefix(UNFINISHED_PREFIX).partition("-")
    pid = rest.partition("-")[0]
    if host == platform.node().replace("-", "_") and PROCESS_ID.fullmatch(pid):
        # Containers can have the same host name and other processes.
        return not (_process_exists(int(pid)) or _is_locked(path))
    return time.time() - status.st_mtime > STALE_SECONDS


def _is_locked(path: Path) -> bool:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _fsync_folder(folder: Path) -> None:
    """Store the new file name on disk. Some file systems refuse this and do not need it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
