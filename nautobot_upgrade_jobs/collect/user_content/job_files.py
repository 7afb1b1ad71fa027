"""Find Job files that Nautobot cannot load.

The files are parsed. They are imported only in a process that cannot write to the live system.
"""

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

from ...facts import or_none
from ...facts.extensions import BrokenJobFile
from ..context import attempt
from ..db.sql import fetch_rows
from .job_imports import import_files

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

JobFolders = list[tuple[Path, list[Path]]]
"""Folders that Nautobot imports Jobs from, each with its Job files."""


def find_job_files(connection: BaseDatabaseWrapper) -> JobFolders:
    """Return the Job files of JOBS_ROOT and of the Git repositories that provide Jobs."""
    folders: JobFolders = []
    jobs_root = Path(settings.JOBS_ROOT or "")
    if settings.JOBS_ROOT and jobs_root.is_dir():
        folders.append((jobs_root, list(_find_python_files(jobs_root))))
    git_root = Path(settings.GIT_ROOT)
    query = "SELECT slug, provided_contents FROM extras_gitrepository ORDER BY slug"
    for slug, provided_contents in fetch_rows(connection, query):
        if "extras.job" not in json.loads(provided_contents):
            continue
        folder = git_root / slug
        files = [path for path in (folder / "__init__.py", folder / "jobs.py") if path.is_file()]
        folders.append((git_root, [*files, *_find_python_files(folder / "jobs")]))
    return folders


def find_uncloned_repositories(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """Return the Git repositories that provide Jobs and have no clone on this host."""
    query = "SELECT slug, provided_contents FROM extras_gitrepository ORDER BY slug"
    return tuple(
        str(slug)
        for slug, provided_contents in fetch_rows(connection, query)
        if "extras.job" in json.loads(provided_contents)
        and not (Path(settings.GIT_ROOT) / slug).is_dir()
    )


def find_broken_job_files(
    folders: JobFolders, *, imported: bool = False
) -> Iterator[BrokenJobFile]:
    """Yield the Job files that Nautobot cannot load.

    Args:
        folders: The Job files by folder.
        imported: Whether to import the files in which parsing found no problem.
    """
    for root, files in folders:
        broken = {file.path: file for file in check_job_files(root, iter(files))}
        yield from broken.values()
        if imported:
            yield from import_files(root, (path for path in files if str(path) not in broken))


def _find_python_files(folder: Path) -> Iterator[Path]:
    """Yield the modules of a folder and of all packages below it, as Nautobot does."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix == ".py":
            yield path
        elif (path / "__init__.py").is_file():
            yield from _find_python_files(path)


def check_job_files(root: Path, files: Iterator[Path]) -> Iterator[BrokenJobFile]:
    """Yield the problems that keep Job files from loading.

    Args:
        root: The folder that Nautobot adds to the path when it loads the files.
        files: The files. If they import each other, the modules are searched below ``root``.
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
    """Yield the line and the error of each top-level import statement that would fail."""
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
    imported = import_if_safe(module)
    for alias in node.names:
        if imported and alias.name != "*" and not _has_attribute(imported, alias.name):
            yield f"ImportError: cannot import name {alias.name!r} from {module!r}"


def _describe_missing_module(name: str, root: Path) -> str:
    """Return the error of importing a module. Empty if the module exists."""
    parts = name.split(".")
    if _module_exists(root, parts[:1]):
        exists = _module_exists(root, parts)
    elif _is_safe_to_import(name):
        exists = import_if_safe(name) is not None
    else:
        exists = parts[0] in sys.modules or find_spec(parts[0]) is not None
    return "" if exists else f"ModuleNotFoundError: no module named {name!r}"


def _module_exists(folder: Path, parts: list[str]) -> bool:
    path = folder.joinpath(*parts)
    return path.with_suffix(".py").is_file() or path.is_dir()


def _is_safe_to_import(name: str) -> bool:
    """Return whether a module belongs to a package that this process loads anyway."""
    return name.partition(".")[0] in {"nautobot", "django", "celery", *settings.PLUGINS}


def import_if_safe(name: str) -> ModuleType | None:
    """Return a module that this process loads anyway. None for any other."""
    if name in sys.modules:
        return sys.modules[name]
    if not _is_safe_to_import(name):
        return None
    # The import may fail because of something that only this host lacks.
    errors = (Exception, SystemExit)
    return or_none(attempt(lambda: importlib.import_module(name), expected=errors))


def _has_attribute(module: ModuleType, name: str) -> bool:
    if hasattr(module, name):
        return True
    return hasattr(module, "__path__") and find_spec(f"{module.__name__}.{name}") is not None
