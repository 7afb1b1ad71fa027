"""Folders that Nautobot reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Folder:
    """A folder named by a setting, as this process's user sees it."""

    setting: str
    path: str
    exists: bool
    writable: bool
    free_bytes: int
    size_bytes: int
    """Size of the files in it; a lower bound if ``complete`` is False."""
    size_is_complete: bool


@dataclass(frozen=True)
class Storage:
    """All folders of this installation."""

    folders: tuple[Folder, ...]
    user: str
    """Name of the operating-system user that looked."""


def media_root(storage: Storage | Unavailable) -> str:
    """Return the folder of the media files; empty if there is none, or nobody could look."""
    folders = () if isinstance(storage, Unavailable) else storage.folders
    there = (one.path for one in folders if one.setting == "MEDIA_ROOT" and one.exists)
    return next(there, "")
