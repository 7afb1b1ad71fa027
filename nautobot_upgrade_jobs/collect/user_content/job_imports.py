"""Imports files of Jobs as a worker does when it starts; only where nothing live can be touched."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ...facts.extensions import BrokenJobFile
from .. import explain


def import_files(root: Path, files: Iterator[Path]) -> Iterator[BrokenJobFile]:
    """Import files, so that their Jobs are registered; yield those that fail.

    Args:
        root: The folder that they are imported from, as Nautobot does.
        files: The files. One that another module hides is left out, as Nautobot leaves it out.
    """
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        for path in sorted(files):
            try:
                importlib.import_module(get_module_name(root, path))
            except SoftTimeLimitExceeded:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001 - code of others
                judged = not isinstance(error, DatabaseError)
                yield BrokenJobFile(
                    str(path), _find_error_line(path, error), explain(error), judged
                )
    finally:
        sys.path.remove(str(root))


def get_module_name(root: Path, path: Path) -> str:
    """Return the name under which a file below a folder is imported."""
    place = path.relative_to(root).with_suffix("")
    return ".".join(place.parent.parts if place.name == "__init__" else place.parts)


def _find_error_line(path: Path, error: BaseException) -> int:
    """Return where in a file it happened; 0 if not there."""
    if isinstance(error, SyntaxError):
        return (error.filename == str(path) and error.lineno) or 0
    frames = traceback.extract_tb(error.__traceback__)
    return next((one.lineno or 0 for one in reversed(frames) if one.filename == str(path)), 0)
