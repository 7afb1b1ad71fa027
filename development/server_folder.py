"""The folder of a database server: in memory if there is room, otherwise on disk.

On some disks, each new file takes a millisecond. A copy of a database of Nautobot has 1,900 files.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from .process import create_server_folder

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 8 * 2**30
"""Available memory that the machine must have."""
PREFIX = "upgrade-jobs-"
UNFINISHED = ".new"


@contextlib.contextmanager
def new_server_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder, which becomes the given one if it is completed.

    Args:
        folder: The path of the server's folder. It becomes a link if the files are in memory.
    """
    remove_from_memory(folder)
    place = _place_in_memory(folder) if _has_room() else folder
    half_made = place.with_name(place.name + UNFINISHED)
    shutil.rmtree(half_made, ignore_errors=True)
    yield create_server_folder(half_made)
    if place != folder:
        shutil.rmtree(place, ignore_errors=True)
        folder.symlink_to(place)
    half_made.rename(place)


def remove_from_memory(folder: Path) -> None:
    """Remove the files of a server that are in memory. On disk, they stay."""
    if folder.is_symlink():
        shutil.rmtree(_place_in_memory(folder), ignore_errors=True)
        folder.unlink()
    _remove_orphans()


def _place_in_memory(folder: Path) -> Path:
    return MEMORY / (PREFIX + urllib.parse.quote(str(folder.absolute()), safe=""))


def _has_room() -> bool:
    with contextlib.suppress(OSError):
        available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
        room = min(shutil.disk_usage(MEMORY).free, int(available[1]) * 1024 if available else 0)
        return room >= NEEDED_BYTES
    return False


def _remove_orphans() -> None:
    """Remove the folders whose links were deleted, such as with the whole checkout."""
    for place in MEMORY.glob(f"{PREFIX}*"):
        folder = Path(urllib.parse.unquote(place.name.removeprefix(PREFIX)))
        if not place.name.endswith(UNFINISHED) and not folder.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
