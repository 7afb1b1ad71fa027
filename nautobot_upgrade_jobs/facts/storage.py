"""Folders that Nautobot reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class Folder:
    """The folder that a setting names, as the user of this process can access it."""

    setting: str
    path: str
    exists: bool
    writable: bool
    free_bytes: int
    size_bytes: int
    """Size of the files in the folder. A minimum if ``size_is_complete`` is False."""
    size_is_complete: bool


@dataclass(frozen=True)
class Storage:
    """All folders of this installation."""

    folders: tuple[Folder, ...]
    user: str
    """Name of the operating-system user of this process."""


def media_root(storage: Storage | Unavailable) -> str:
    """Return the folder of the media files. Empty if it does not exist or is unknown."""
    folders = () if isinstance(storage, Unavailable) else storage.folders
    paths = (folder.path for folder in folders if folder.setting == "MEDIA_ROOT" and folder.exists)
    return next(paths, "")
