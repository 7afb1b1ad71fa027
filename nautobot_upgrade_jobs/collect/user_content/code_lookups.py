"""Find queries in the code of Apps and Jobs that the running models of Nautobot do not support."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db.models import Model

from ...facts.customizations import Defect
from ..support.orm_names import MANAGERS
from .job_files import import_if_safe
from .model_queries import find_query_defects
from .model_uses import ModelPath, find_field_uses
from .release_conditions import release_conditions

OWN_APP = "nautobot_upgrade_jobs"
SKIPPED_FOLDERS = frozenset({"migrations", "tests"})
"""Migrations use the models of their time, and tests do not run."""
UNREADABLE_CODE_ERRORS = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
"""A file cannot be read, is not valid Python, has null bytes, or is nested too deeply."""


def find_app_files() -> Iterator[tuple[str, Path]]:
    """Yield the modules of the enabled Apps, each with its path below the App's folder.

    A path that Python cannot import is skipped: it may be the template of a file.
    """
    for plugin in settings.PLUGINS:
        module = sys.modules.get(plugin)
        for folder in getattr(module, "__path__", ()) if plugin != OWN_APP else ():
            root = Path(folder)
            for path in sorted(root.rglob("*.py")):
                relative = path.relative_to(root.parent)
                names = relative.with_suffix("").parts
                if SKIPPED_FOLDERS.isdisjoint(names) and all(map(str.isidentifier, names)):
                    yield str(relative), path


def find_unsupported_queries(path: Path) -> Iterator[Defect]:
    """Yield the queries of a file that the models of Nautobot do not support, with their lines.

    Raises:
        Exception: One of ``UNREADABLE_CODE_ERRORS``.
    """
    source = path.read_bytes()
    if not any(manager.encode() in source for manager in MANAGERS):
        return  # Parsing takes longest, and most files contain no query.
    tree = ast.parse(source, str(path))
    conditions: dict[ast.AST, str] | None = None
    for use in find_field_uses(tree):
        model = _resolve_model(use.model)
        if model is not None and model.__module__.startswith("nautobot."):
            for defect in find_query_defects(model, use):
                if conditions is None:  # Finding them takes longer than everything else.
                    conditions = release_conditions(tree)
                yield replace(defect, line=use.line, condition=conditions.get(use.call, ""))


def _resolve_model(path: ModelPath) -> type[Model] | None:
    found: object = import_if_safe(path.module)
    for name in path.attributes:
        found = getattr(found, name, None)
    return found if inspect.isclass(found) and issubclass(found, Model) else None
