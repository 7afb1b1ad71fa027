"""Find queries in the code of Apps and Jobs that the running models of Nautobot do not support."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from ...facts.customizations import Defect, DefectCode
from .job_files import import_if_safe
from .model_uses import CREATING_METHODS, FieldUse, ModelPath, UseKind, find_field_uses
from .templates import closest_name
from .validators import validate_lookup

OWN_APP = "nautobot_upgrade_jobs"
SKIPPED_FOLDERS = frozenset({"migrations", "tests"})
"""Migrations use the models of their time, and tests do not run."""
UNREADABLE_CODE_ERRORS = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
"""A file cannot be read, is not valid Python, has null bytes, or is nested too deeply."""
ANY_VALUE = "x"
"""A value of a lookup. Errors about the value are ignored."""


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
    for use in find_field_uses(ast.parse(path.read_bytes(), str(path))):
        model = _resolve_model(use.model)
        if model is not None and model.__module__.startswith("nautobot."):
            for defect in _check_use(model, use):
                yield replace(defect, line=use.line, condition=use.condition)


def _resolve_model(path: ModelPath) -> type[Model] | None:
    found: object = import_if_safe(path.module)
    for name in path.attributes:
        found = getattr(found, name, None)
    return found if inspect.isclass(found) and issubclass(found, Model) else None


def _check_use(model: type[Model], use: FieldUse) -> Iterator[Defect]:
    label = model._meta.label
    if use.kind is UseKind.CREATION and _replaces_creation(model):
        return
    if use.kind in (UseKind.LOOKUP, UseKind.CREATION):
        yield from validate_lookup(model, use.name, ANY_VALUE, as_keyword=True)
    elif use.kind is UseKind.ATTRIBUTE:
        if not hasattr(model, use.name):
            suggestion = closest_name(use.name, dir(model))
            yield Defect(DefectCode.MISSING_ATTRIBUTE, use.name, label, suggestion=suggestion)
    elif not _has_field(model, use.name):
        names = {field.name for field in model._meta.get_fields()}
        suggestion = closest_name(use.name, names)
        yield Defect(DefectCode.MISSING_FIELD, use.name, label, suggestion=suggestion)


def _replaces_creation(model: type[Model]) -> bool:
    """Return whether the model accepts other arguments than its fields to create rows."""
    queryset_class = type(model._default_manager.get_queryset())
    return any(
        getattr(queryset_class, method) is not getattr(QuerySet, method)
        for method in CREATING_METHODS
    )


def _has_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return any(getattr(field, "attname", "") == name for field in model._meta.get_fields())
    return True
