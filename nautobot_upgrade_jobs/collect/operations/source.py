"""Read the source of the code that migrations run."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Model

from .source_text import strip_comments

LITERAL_TYPES = (str, list, tuple, dict, set, frozenset)


def operation_source(migration: Migration, operation: Operation) -> str | None:
    """Return the source of the code that an operation runs, to find the models that it changes.

    Args:
        migration: The migration of the operation.
        operation: The operation.

    Returns:
        The source of the whole migration module and of the functions that the code calls; empty if
        the operation runs no code; None if a source is unavailable.
    """
    if isinstance(operation, RunSQL):
        return repr(operation.sql) if operation.sql else ""
    if not isinstance(operation, RunPython) or operation.code is RunPython.noop:
        return ""
    try:
        module_source = inspect.getsource(sys.modules[migration.__module__])
    except (OSError, TypeError, KeyError):
        return None
    reachable = reachable_source(operation.code)
    return None if reachable is None else f"{strip_comments(module_source)}\n{reachable}"


def reverse_source(operation: RunPython | RunSQL, *, forward: bool) -> str | None:
    """Return the source of a reversing operation, or of its original forward operation.

    Args:
        operation: The reversing operation. Its reverse code is the original forward code.
        forward: Whether to return the source of the original forward operation.

    Returns:
        The source; empty if no code runs; None if the source is unavailable.
    """
    if isinstance(operation, RunSQL):
        sql = operation.reverse_sql if forward else operation.sql
        return repr(sql) if sql else ""
    code = operation.reverse_code if forward else operation.code
    return "" if is_noop(code) else reachable_source(code)


def reachable_source(code: Any) -> str | None:
    """Return the source of a function and of the functions it calls; None if unavailable."""
    function = inspect.unwrap(getattr(code, "func", code))
    try:
        return "\n".join(map(strip_comments, _walk_reachable_source(function)))
    except (OSError, TypeError, AttributeError):
        return None


def is_noop(code: Any) -> bool:
    """Return whether a function has no effect, because it uses no global name and no attribute."""
    if code is RunPython.noop:
        return True
    body = getattr(inspect.unwrap(code), "__code__", None)
    return body is not None and not any(_list_global_names(body))


def _walk_reachable_source(function: Any) -> Iterator[str]:
    """Yield the source of a function and of the functions it calls, and what they name.

    The names are constants of the module and classes of models.
    """
    visited, pending = set(), [function]
    while pending:
        current = pending.pop()
        if id(current) in visited:
            continue
        visited.add(id(current))
        yield inspect.getsource(current)
        for name in _list_global_names(current.__code__):
            value = current.__globals__.get(name)
            if isinstance(value, LITERAL_TYPES):
                yield repr(value)
            elif inspect.isclass(value) and issubclass(value, Model):
                yield value.__name__
            elif not str(getattr(value, "__module__", "")).startswith("django."):
                members = vars(value).values() if inspect.isclass(value) else [value]
                pending += filter(inspect.isfunction, map(inspect.unwrap, members))


def _list_global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_global_names(constant)
