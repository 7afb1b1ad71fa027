"""Import Job files as a worker does at its start.

Only a process that cannot write to the live system may import Job files.
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
        files: The files. As in Nautobot, a file is not imported if a module of the same name was
            imported before.
    """
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        for path in sorted(files):
            name = get_module_name(root, path)
            if not name:  # __init__.py of the folder itself, which Nautobot does not import
                continue
            try:
                importlib.import_module(name)
            except SoftTimeLimitExceeded:
                raise
            except (Exception, SystemExit) as error:  # noqa: BLE001 - Job files can raise anything
                conclusive = not isinstance(error, DatabaseError)
                yield BrokenJobFile(
                    str(path), _find_error_line(path, error), explain(error), conclusive
                )
    finally:
        sys.path.remove(str(root))


def get_module_name(root: Path, path: Path) -> str:
    """Return the name under which a file below a folder is imported.

    Empty for ``__init__.py`` of the folder itself.
    """
    relative = path.relative_to(root).with_suffix("")
    return ".".join(relative.parent.parts if relative.name == "__init__" else relative.parts)


def _find_error_line(path: Path, error: BaseException) -> int:
    """Return the line of a file at which an error occurred; 0 if the error is in another file."""
    if isinstance(error, SyntaxError):
        return (error.filename == str(path) and error.lineno) or 0
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno or 0 for frame in reversed(frames) if frame.filename == str(path)), 0)
