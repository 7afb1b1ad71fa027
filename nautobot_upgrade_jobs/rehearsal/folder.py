"""The folder of a rehearsal. A process of its own removes it when this process ends."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..target.scratch_dir import PREFIX, ScratchError, remove_stale_folders
from ..target.uv import find_interpreter
from .errors import RehearsalFailed
from .keeper import kill_processes_in

DISK_FOLDER = "/var/tmp"  # noqa: S108 - a folder of its own is created in it
MEMORY_FILE_SYSTEMS = frozenset({"ramfs", "tmpfs"})
KEEPER = Path(__file__).with_name("keeper.py")
STOP_SECONDS = 30


@dataclass(frozen=True)
class KeptFolder:
    """A folder, and the process that removes it."""

    path: Path
    keeper: subprocess.Popen[bytes]

    @property
    def is_kept(self) -> bool:
        """Whether the keeper has not ended. It ends if the server ends."""
        return self.keeper.poll() is None

    def start_server(self, **order: Any) -> None:
        """Let the keeper start a server.

        Args:
            order: What ``keeper.py`` describes.
        """
        if self.keeper.stdin is not None:
            self.keeper.stdin.write(json.dumps(order).encode() + b"\n")
            self.keeper.stdin.flush()


@contextlib.contextmanager
def open_folder(directory: str = "") -> Iterator[KeptFolder]:
    """Create the folder of a rehearsal, and remove it at the end, in whatever way this run ends.

    What earlier runs have left is removed first: their host or their keeper was killed.

    Args:
        directory: Its parent. Empty for the folder of temporary files, if this is on a disk.

    Raises:
        RehearsalFailed: The folder cannot be used.
        ScratchError: The parent belongs to another user or is accessible to others.
        OSError: The folder cannot be created.
    """
    parent = _choose_parent(directory)
    remove_stale_folders(parent, kill_processes_in)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    keeper = subprocess.Popen(  # noqa: S603 - our own file
        [find_interpreter(), "-I", "-S", str(KEEPER), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    try:
        yield KeptFolder(folder, keeper)
    finally:
        if keeper.stdin:
            keeper.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(STOP_SECONDS)


def _choose_parent(directory: str) -> Path:
    parent = _resolve(directory) if directory else Path(tempfile.gettempdir())
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
    return parent


def _resolve(directory: str) -> Path:
    """Return the folder that the operator names. Create it if it does not exist.

    If this user is root, another account runs the server, and must be able to enter the folder.
    """
    mode = 0o700 if os.geteuid() else 0o711
    path = Path(directory).expanduser().absolute()
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    status = path.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077 & ~mode:
        raise ScratchError(
            f"the folder {path} for rehearsals must belong to the user of this process and have "
            f"mode {mode:04o}, because it contains a copy of the data"
        )
    return path


def _is_in_memory(folder: Path) -> bool:
    """Return whether a folder is in memory. False if the system does not report it."""
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    mounts = {line.split()[1]: line.split()[2] for line in lines}
    place = next((each for each in (folder, *folder.parents) if str(each) in mounts), None)
    return place is not None and mounts[str(place)] in MEMORY_FILE_SYSTEMS
