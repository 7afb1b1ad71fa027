"""Folders of a run: private, bounded, and gone afterwards, whatever happens to the run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "nautobot-upgrade-jobs-"
LOCK_FILE = "lock"
PRIVATE_MODE = 0o700
MEBIBYTE = 1 << 20


class ScratchError(Exception):
    """There is no place to work in; the message says what to change."""


@contextlib.contextmanager
def scratch_folder(work_directory: str = "") -> Iterator[Path]:
    """Make a folder that nobody else can read, and remove it at the end.

    What runs that were killed have left is removed first: each holds a lock on its folder for as
    long as it lives.

    Args:
        work_directory: Where to make it; empty for the system's temporary directory.

    Raises:
        ScratchError: The directory cannot be used.
    """
    try:
        parent = resolve_work_directory(work_directory)
        _remove_stale_folders(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise ScratchError(f"no folder to work in: {error}") from None
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        unlocked = folder / f".{LOCK_FILE}"
        fcntl.flock(stack.enter_context(unlocked.open("w")), fcntl.LOCK_EX)
        unlocked.rename(folder / LOCK_FILE)  # only now may others try it
        yield folder


def require_exec_allowed(folder: Path) -> None:
    """Refuse a folder whose file system runs no programs, as hardened temporary folders.

    Raises:
        ScratchError: Nothing that is installed there would load.
    """
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise ScratchError(
            f"nothing can be run in {folder.parent}: it is mounted with noexec; name another "
            "folder in the App's setting 'work_directory'"
        )


def resolve_work_directory(work_directory: str) -> Path:
    """Return the directory that folders of runs are made in.

    Raises:
        ScratchError: Others can get into it, or it is somebody else's.
        OSError: It cannot be made.
    """
    if not work_directory:
        return Path(tempfile.gettempdir())
    path = Path(work_directory).expanduser().absolute()
    path.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise ScratchError(
            f"'work_directory' {path} has to belong to the user that runs this, with mode 0700: "
            "what is installed there is run"
        )
    return path


def measure_mebibytes(folder: Path) -> int:
    """Return how much is in a folder, in MiB; of a file with several names each counts."""
    sizes = (
        _get_file_size(entry)
        for root, _, names in os.walk(folder)
        for entry in _join_paths(root, names)
    )
    return sum(sizes) // MEBIBYTE


def _join_paths(root: str, names: list[str]) -> Iterator[str]:
    return (os.path.join(root, name) for name in names)


def _get_file_size(path: str) -> int:
    with contextlib.suppress(OSError):  # it was there a moment ago
        return os.lstat(path).st_size
    return 0


def _remove_stale_folders(parent: Path) -> None:
    """Remove the folders of runs that do not live any more."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / LOCK_FILE).open() as lock:
            if folder.stat().st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # its run still lives: next one
                shutil.rmtree(folder, ignore_errors=True)
