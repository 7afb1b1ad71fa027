"""Choose and create the folder of a rehearsal."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..target.scratch_dir import PREFIX, resolve_work_directory
from .errors import RehearsalFailed

DISK_FOLDER = "/var/tmp"  # noqa: S108 - a folder of its own is created in it
MEMORY_FILE_SYSTEMS = frozenset({"ramfs", "tmpfs"})


def create_folder(directory: str = "") -> Path:
    """Create the folder for the server of a copy. The keeper of the server removes it.

    Args:
        directory: Its parent. Empty for the folder of temporary files, if this is on a disk.

    Raises:
        RehearsalFailed: The folder cannot be used.
        ScratchError: The parent belongs to another user or is accessible to others.
        OSError: The folder cannot be created.
    """
    parent = resolve_work_directory(directory)
    if not directory and _is_in_memory(parent):
        parent = Path(DISK_FOLDER)
    if _is_in_memory(parent):
        raise RehearsalFailed(
            f"{parent} is in memory, and a copy of the data can use it up. Name a folder on a disk "
            "with --directory"
        )
    if os.statvfs(parent).f_flag & os.ST_NOEXEC:
        raise RehearsalFailed(
            f"programs cannot run in {parent}, because it is mounted with noexec. Name another "
            "folder with --directory"
        )
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))


def _is_in_memory(folder: Path) -> bool:
    """Return whether a folder is in memory. False if the system does not report it."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    mounts = {line.split()[1]: line.split()[2] for line in lines}
    place = next((each for each in (folder, *folder.parents) if str(each) in mounts), None)
    return place is not None and mounts[str(place)] in MEMORY_FILE_SYSTEMS
