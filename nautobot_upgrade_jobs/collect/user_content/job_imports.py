"""Import Job files as a worker does at its start.

Only a process that cannot write to anything live may do this.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error as DatabaseError

from ...facts.extensions import BrokenJobFile
from ..context import explain


def import_files(root: Path, files: Iterator[Path]) -> Iterator[BrokenJobFile]:
    """Import files so that their Jobs are registered, and yield the files that fail.

    Args:
        root: The folder to import from, as Nautobot does.
        files: The files. A file that another module of the same name hides is not imported, as in
            Nautobot.
    """
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        for path in sorted(files):
            try:
                importlib.import_module(get_module_name(root, path))
            except SoftTimeLimitExceeded:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001 - Job files are foreign code
                conclusive = not isinstance(error, DatabaseError)
                yield BrokenJobFile(
                    str(path), _find_error_line(path, error), explain(error), conclusive
                )
    finally:
        sys.path.remove(str(root))


def get_module_name(root: Path, path: Path) -> str:
    """Return the name under which a file below a folder is imported."""
    relative = path.relative_to(root).with_suffix("")
    return ".".join(relative.parent.parts if relative.name == "__init__" else relative.parts)


def _find_error_line(path: Path, error: BaseException) -> int:
    """Return the line of a file at which an error occurred; 0 if it occurred elsewhere."""
    if isinstance(error, SyntaxError):
        return (error.filename == str(path) and error.lineno) or 0
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == str(path)), 0)
