"""Private scratch folders. A later run removes them if their own run was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PREFIX = "nautobot-upgrade-jobs-"
RANDOM_NAME = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
"""The name that ``mkdtemp`` gives a folder."""
REMOVED_PREFIX = f"removed-{PREFIX}"
"""A folder is renamed before it is removed. If the removal is killed, the next run continues it."""
LOCK_FILE = "lock"
MAX_UNLOCKED_SECONDS = 3600
"""After this time, a folder without a lock belongs to a run that was killed at its start."""
PRIVATE_MODE = 0o700
MEBIBYTE = 1 << 20
MIN_FREE_BYTES = 4 << 30
"""With less space, no environment is kept in the home of the user."""


class ScratchError(Exception):
    """No folder can be used as a scratch folder. The message says what to change."""


@contextlib.contextmanager
def scratch_folder(work_directory: str = "") -> Iterator[Path]:
    """Create a folder that only this user can read, and remove it at the end.

    Folders of killed runs are removed first. A running process holds a lock on its folder.

    Args:
        work_directory: The parent folder. Empty for the system's temporary directory.

    Raises:
        ScratchError: The directory cannot be used.
    """
    try:
        parent = resolve_work_directory(work_directory)
        remove_stale_folders(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise ScratchError(f"no folder to work in: {error}") from None
    try:
        unlocked = folder / f".{LOCK_FILE}"
        with unlocked.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            unlocked.rename(folder / LOCK_FILE)  # From now on, other runs test the lock.
            try:
                yield folder
            finally:
                _remove(folder)
    finally:
        remove_tree(folder)


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


def find_build_directory() -> str:
    """Return the folder in which environments are built and kept if the settings name none.

    It is next to the cache of ``uv``, with which the environments share most of their space. Empty
    if this user has no such folder, or if there is little space.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not os.path.isabs(base):
        return ""
    try:
        folder = resolve_work_directory(os.path.join(base, "nautobot-upgrade-jobs", "builds"))
        status = os.statvfs(folder)
    except (OSError, ScratchError):
        return ""
    is_usable = os.access(folder, os.W_OK) and not status.f_flag & os.ST_NOEXEC
    return str(folder) if is_usable and status.f_bavail * status.f_frsize >= MIN_FREE_BYTES else ""


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


def _remove(folder: Path) -> None:
    """Rename a folder and remove it. The caller holds its lock, or nothing uses it."""
    removed = folder.with_name(f"{REMOVED_PREFIX}{folder.name.removeprefix(PREFIX)}")
    with contextlib.suppress(OSError):
        folder.rename(removed)
        remove_tree(removed)


def remove_tree(folder: Path) -> None:
    """Remove a folder with everything in it, as far as this user can.

    A trial boot can leave folders that this user may not enter, or that are nested too deeply for
    Python.
    """
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        for words in (("chmod", "-R", "u+rwX"), ("rm", "-rf")):
            with contextlib.suppress(OSError):
                subprocess.run(  # noqa: S603 - two programs of every Linux
                    [*words, "--", str(folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )


def remove_stale_folders(
    parent: Path, before: Callable[[Path], None] = lambda folder: None
) -> tuple[Path, ...]:
    """Remove the folders of runs that have ended, and what a killed removal has left.

    In a shared directory, other users can create files of any kind under these names.

    Args:
        parent: The folder that contains them.
        before: Called with each folder before its removal.

    Returns:
        The folders that were removed.
    """
    stale = [folder for folder in parent.glob(f"{REMOVED_PREFIX}*") if _is_own_folder(folder)]
    for folder in stale:
        before(folder)
        remove_tree(folder)
    for folder in filter(_is_own_folder, parent.glob(f"{PREFIX}*")):
        with contextlib.suppress(OSError):
            _remove_if_unlocked(folder, before)
        if not folder.exists():
            stale.append(folder)
    return tuple(stale)


def _remove_if_unlocked(folder: Path, before: Callable[[Path], None]) -> None:
    """Remove a folder of a run that has ended.

    Raises:
        OSError: The run still holds its lock.
    """
    try:
        lock = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        if _is_made_by_run(folder) and time.time() - folder.stat().st_mtime > MAX_UNLOCKED_SECONDS:
            before(folder)
            _remove(folder)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        before(folder)
        _remove(folder)
    finally:
        os.close(lock)


def _is_made_by_run(folder: Path) -> bool:
    """Return whether a folder without a lock has the name and the mode of a scratch folder."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    return bool(RANDOM_NAME.fullmatch(folder.name)) and mode in (PRIVATE_MODE, 0o711)


def _is_own_folder(path: Path) -> bool:
    """Return whether a path is a folder of this user, and not a link."""
    try:
        status = path.lstat()
    except OSError:  # The folder was removed meanwhile.
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
