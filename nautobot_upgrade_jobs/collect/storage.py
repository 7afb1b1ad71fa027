"""Collect the folders that Nautobot reads and writes."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from django.conf import settings

from ..common.current_user import current_user
from ..facts import Storage
from ..facts.storage import Folder
from .context import Context

FOLDER_SETTINGS = ("MEDIA_ROOT", "STATIC_ROOT", "JOBS_ROOT", "GIT_ROOT")
WALK_BUDGET_SECONDS = 2.0
"""Time limit per folder. A media folder can have millions of files. A minimum size is enough."""


def collect(_: Context) -> Storage:
    """Inspect each folder as this process's user, without writing to it."""
    return Storage(
        folders=tuple(
            _inspect_folder(name, Path(str(path)))
            for name in FOLDER_SETTINGS
            if (path := getattr(settings, name, None))
        ),
        user=current_user(),
    )


def _inspect_folder(setting: str, path: Path) -> Folder:
    exists = path.is_dir()
    nearest = next(parent for parent in (path, *path.parents) if parent.exists())
    size, complete = _measure_size(path) if exists else (0, True)
    return Folder(
        setting=setting,
        path=str(path),
        exists=exists,
        writable=exists and os.access(path, os.W_OK | os.X_OK),
        free_bytes=shutil.disk_usage(nearest).free,
        size_bytes=size,
        size_is_complete=complete,
    )


def _measure_size(path: Path) -> tuple[int, bool]:
    """Return the size of the files below a folder, and whether all files were counted in time."""
    total, end = 0, time.monotonic() + WALK_BUDGET_SECONDS
    for folder, _, names in os.walk(path):
        if time.monotonic() > end:
            return total, False
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue  # The file was removed after it was listed.
    return total, True
