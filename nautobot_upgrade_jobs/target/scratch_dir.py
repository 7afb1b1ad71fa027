"""Private scratch folders. A later run removes them if their own run was killed."""

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
    """No folder can be used as a scratch folder. The message says what to change."""


@contextlib.contextmanager
def scratch_folder(work_directory: str = "") -> Iterator[Path]:
    """Create a folder that only this user can read, and remove it at the end.

    Folders of killed runs are removed first. A running process holds a lock on its folder.

    Args:
        work_directory: The parent folder; empty for the system's temporary directory.

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
        unlocked.rename(folder / LOCK_FILE)  # From now on, other runs test the lock.
        yield folder


def require_exec_allowed(folder: Path) -> None:
    """Raise an error for a folder on a file system that is mounted with noexec.

    Raises:
        ScratchError: Packages that are installed in the folder could not be loaded.
    """
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise ScratchError(
            f"programs cannot run in {folder.parent}, because it is mounted with noexec. Set the "
            "App's setting 'work_directory' to another folder"
        )


def resolve_work_directory(work_directory: str) -> Path:
    """Return the parent folder of the scratch folders. Create it if it does not exist.

    Raises:
        ScratchError: The directory belongs to another user or is accessible to others.
        OSError: The directory cannot be created.
    """
    if not work_directory:
        return Path(tempfile.gettempdir())
    path = Path(work_directory).expanduser().absolute()
    path.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise ScratchError(
            f"'work_directory' {path} must belong to the user of this process and have mode 0700, "
            "because Preflight runs code that is installed there"
        )
    return path


def measure_mebibytes(folder: Path) -> int:
    """Return the size of a folder in MiB. A file counts once for each of its hard links."""
    sizes = (
        _get_file_size(entry)
        for root, _, names in os.walk(folder)
        for entry in _join_paths(root, names)
    )
    return sum(sizes) // MEBIBYTE


def _join_paths(root: str, names: list[str]) -> Iterator[str]:
    return (os.path.join(root, name) for name in names)


def _get_file_size(path: str) -> int:
    with contextlib.suppress(OSError):  # The file was removed meanwhile.
        return os.lstat(path).st_size
    return 0


def _remove_stale_folders(parent: Path) -> None:
    """Remove the folders of runs that have ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / LOCK_FILE).open() as lock:
            if folder.stat().st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # Fails during the run.
                shutil.rmtree(folder, ignore_errors=True)
