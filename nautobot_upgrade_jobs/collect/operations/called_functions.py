"""Find the functions that a function calls, with their source."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from types import CellType, CodeType, ModuleType
from typing import Any, NamedTuple

from django.db.migrations.operations import RunPython
from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager

from .source_text import find_imports

LITERAL_TYPES = (str, list, tuple, dict, set, frozenset)


class CalledFunction(NamedTuple):
    """A function that code calls."""

    source: str
    values: str
    """The text of the constants and models that the function names."""
    module: str


def is_noop(code: Any) -> bool:
    """Return whether a function has no effect: it uses no global name, attribute or outer name."""
    if code is RunPython.noop:
        return True
    body = getattr(inspect.unwrap(code), "__code__", None)
    return body is not None and not body.co_freevars and not any(_list_global_names(body))


def walk_functions(function: Any) -> Iterator[CalledFunction]:
    """Yield a function and the functions that it calls, each with the values that it names."""
    owner = getattr(function, "__self__", None)
    own_class = owner if inspect.isclass(owner) else type(owner)
    visited, pending = set(), [getattr(function, "__func__", function)]
    while pending:
        current = pending.pop()
        if id(current) in visited:
            continue
        visited.add(id(current))
        source = inspect.getsource(current)
        names = frozenset(_list_global_names(current.__code__))
        values = []
        for value in (*_used_values(current, source, names), own_class):
            if isinstance(value, LITERAL_TYPES):
                values.append(repr(value))
                pending += filter(_has_file, _members(value))
            elif inspect.isclass(value) and issubclass(value, (Model, QuerySet, BaseManager)):
                values.append(value.__name__)
            elif not _is_library(str(getattr(value, "__module__", ""))):
                found = _methods(value, names) if inspect.isclass(value) else [value]
                pending += filter(_has_file, map(inspect.unwrap, found))
        yield CalledFunction(source, "\n".join(values), current.__module__)


def _used_values(function: Any, source: str, names: frozenset[str]) -> Iterator[Any]:
    """Yield the values that a function names: globals, imports in its body and outer variables."""
    values = [
        *map(function.__globals__.get, names),
        *_import_local_names(source, function.__module__),
    ]
    values += (cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell))
    for value in values:
        if inspect.ismodule(value):
            yield from _used_members(value, names)
        elif isinstance(value, partial):
            yield value.func
            yield (value.args, value.keywords)
        else:
            yield value


def _used_members(module: ModuleType, names: frozenset[str]) -> Iterator[Any]:
    """Yield the members of a module and of its submodules that have one of the names."""
    if _is_library(module.__name__):
        return
    for name in names:
        member = getattr(module, name, None)
        if inspect.ismodule(member) and member.__name__.startswith(f"{module.__name__}."):
            yield from _used_members(member, names)
        else:
            yield member


def _is_library(module: str) -> bool:
    """Return whether a module belongs to Django or to Python, whose functions change no rows."""
    package = module.partition(".")[0]
    return package == "django" or package in sys.stdlib_module_names


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # The variable has no value yet.
        return False


def _members(value: Any) -> Iterable[Any]:
    """Return what a collection contains."""
    if isinstance(value, str):
        return ()
    return value.values() if isinstance(value, dict) else value


def _methods(cls: type, names: frozenset[str]) -> list[Any]:
    """Return the own and inherited members of a class with these names, and what calls it runs."""
    found = (inspect.getattr_static(cls, name, None) for name in (*names, "__init__", "__call__"))
    return [getattr(method, "__func__", method) for method in found]


def _import_local_names(source: str, module_name: str) -> list[Any]:
    """Return what a function imports inside its body. An import that fails is left out."""
    try:
        imports = list(find_imports(source))
    except SyntaxError:  # A lambda inside a statement imports nothing.
        return []
    found: dict[str, Any] = {}
    for module, name in imports:
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            absolute = importlib.util.resolve_name(module, module_name.rpartition(".")[0])
            imported = importlib.import_module(absolute)
            found[name or absolute] = getattr(imported, name) if name else imported
    return list(found.values())


def _has_file(value: Any) -> bool:
    """Return whether a value is a function from a file. ``namedtuple`` generates functions."""
    return inspect.isfunction(value) and not value.__code__.co_filename.startswith("<")


def _list_global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_global_names(constant)
