"""Files of Jobs that will not load: read, and run only where nothing live can be touched."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from django.conf import settings

from ...facts.extensions import BrokenJobFile
from ..db.sql import fetch_rows
from .job_imports import import_files

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


JobFolders = list[tuple[Path, list[Path]]]
"""What Jobs are imported from, each with its files of Jobs."""


def find_job_files(connection: BaseDatabaseWrapper) -> JobFolders:
    """Return the files of JOBS_ROOT, and of those Git repositories that provide Jobs."""
    found: JobFolders = []
    root = Path(settings.JOBS_ROOT or "")
    if settings.JOBS_ROOT and root.is_dir():
        found.append((root, list(_find_python_files(root))))
    clones = Path(settings.GIT_ROOT)
    query = "SELECT slug, provided_contents FROM extras_gitrepository ORDER BY slug"
    for slug, provided in fetch_rows(connection, query):
        if "extras.job" not in json.loads(provided):
            continue
        folder = clones / slug
        files = [path for path in (folder / "__init__.py", folder / "jobs.py") if path.is_file()]
        found.append((clones, [*files, *_find_python_files(folder / "jobs")]))
    return found


def find_broken_job_files(
    folders: JobFolders, *, imported: bool = False
) -> Iterator[BrokenJobFile]:
    """Yield files of Jobs that do not load.

    Args:
        folders: The files.
        imported: Whether to import those that look well, too.
    """
    for root, files in folders:
        broken = {one.path: one for one in check_job_files(root, iter(files))}
        yield from broken.values()
        if imported:
            yield from import_files(root, (path for path in files if str(path) not in broken))


def _find_python_files(folder: Path) -> Iterator[Path]:
    """Yield modules as Nautobot finds them: in a folder, and in its packages, however deep."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".py":
            yield path
        elif (path / "__init__.py").is_file():
            yield from _find_python_files(path)


def check_job_files(root: Path, files: Iterator[Path]) -> Iterator[BrokenJobFile]:
    """Yield what keeps files of Jobs from loading.

    Args:
        root: The folder that is put on the path when they are loaded.
        files: The files; what they import of each other is looked for below ``root``.
    """
    for path in sorted(files):
        try:
            tree = ast.parse(path.read_bytes(), str(path))
        except SyntaxError as error:
            yield BrokenJobFile(str(path), error.lineno or 0, f"SyntaxError: {error.msg}")
        except (OSError, ValueError) as error:
            yield BrokenJobFile(str(path), 0, f"{type(error).__name__}: {error}")
        else:
            for line, problem in _find_import_problems(tree, path, root):
                yield BrokenJobFile(str(path), line, problem)


def _find_import_problems(tree: ast.Module, path: Path, root: Path) -> Iterator[tuple[int, str]]:
    """Yield imports that fail; those in a ``try``, a condition or a function may do so."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if problem := _describe_missing_module(alias.name, root):
                    yield node.lineno, problem
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, problem) for problem in _find_missing_names(node, path, root))


def _find_missing_names(node: ast.ImportFrom, path: Path, root: Path) -> Iterator[str]:
    if node.level:
        folder = path.parents[node.level - 1]
        if node.module and not _module_exists(folder, node.module.split(".")):
            yield f"ModuleNotFoundError: no module {'.' * node.level}{node.module}"
        return
    module = node.module or ""
    if problem := _describe_missing_module(module, root):
        yield problem
        return
    loaded = _import_if_safe(module)
    for alias in node.names:
        if loaded and alias.name != "*" and not _has_attribute(loaded, alias.name):
            yield f"ImportError: cannot import name {alias.name!r} from {module!r}"


def _describe_missing_module(name: str, root: Path) -> str:
    """Return what is wrong with importing a module; nothing if it can be found."""
    parts = name.split(".")
    if _module_exists(root, parts[:1]):
        found = _module_exists(root, parts)
    elif _is_safe_to_import(name):
        found = _import_if_safe(name) is not None
    else:
        found = parts[0] in sys.modules or find_spec(parts[0]) is not None
    return "" if found else f"ModuleNotFoundError: no module named {name!r}"


def _module_exists(folder: Path, parts: list[str]) -> bool:
    place = folder.joinpath(*parts)
    return place.with_suffix(".py").is_file() or place.is_dir()


def _is_safe_to_import(name: str) -> bool:
    """Tell whether a module belongs to what runs here anyway, so that importing it is harmless."""
    return name.partition(".")[0] in {"nautobot", "django", "celery", *settings.PLUGINS}


def _import_if_safe(name: str) -> ModuleType | None:
    if name in sys.modules:
        return sys.modules[name]
    if not _is_safe_to_import(name):
        return None
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit):  # noqa: BLE001 - it may need what this host does not have
        return None


def _has_attribute(module: ModuleType, name: str) -> bool:
    if hasattr(module, name):
        return True
    return hasattr(module, "__path__") and find_spec(f"{module.__name__}.{name}") is not None
