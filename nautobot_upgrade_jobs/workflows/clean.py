"""Remove what runs have left whose host, container or keeper was killed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..common.errors import UsageError
from ..rehearsal.errors import RehearsalFailed
from ..rehearsal.folder import DISK_FOLDER
from ..rehearsal.keeper import kill_processes_in
from ..target.bare_database import read_database_url
from ..target.scratch_dir import find_build_directory, remove_stale_folders


def remove_leftover_databases(url: str, option: str) -> tuple[str, ...]:
    """Drop the copies of rehearsals that have ended, on a server of the operator.

    Args:
        url: The server. Empty for none.
        option: Where it was named, for the message.

    Returns:
        The databases that were dropped.

    Raises:
        UsageError: The server cannot be reached, or the URL is invalid.
    """
    if not url:
        return ()
    from ..rehearsal.postgresql.named_server import remove_dead_copies  # Needs psycopg2.

    place = read_database_url(url, option)
    try:
        return remove_dead_copies(place)
    except RehearsalFailed as error:
        raise UsageError(f"{option}: {error}") from None


def remove_leftovers(directories: Iterable[str]) -> tuple[Path, ...]:
    """Remove the temporary folders of runs that have ended, and end the processes in them.

    A running run holds a lock on its folder, so its folder is kept.

    Args:
        directories: Folders of the settings or of the operator, in addition to the folders for
            temporary files. An empty text is ignored.

    Returns:
        The folders that were removed.
    """
    usual = (tempfile.gettempdir(), DISK_FOLDER, find_build_directory())
    parents = dict.fromkeys(
        Path(each).expanduser().absolute() for each in (*usual, *directories) if each
    )
    return tuple(
        folder
        for parent in parents
        if parent.is_dir()
        for folder in remove_stale_folders(parent, kill_processes_in)
    )
