"""Read the code that migrations run."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from types import CellType, CodeType
from typing import Any, NamedTuple

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Model, QuerySet
from django.db.models.manager import BaseManager

from ...facts.migration_code import CodeAccess, MigrationCode
from ...facts.preconditions import PreconditionKind
from .code_effects import CodeEffects, read_function, read_sql
from .known_names import ModelNames
from .source_text import (
    find_imports,
    find_referenced_models,
    finds_any_model,
    mentions,
    strip_comments,
)

LITERAL_TYPES = (str, list, tuple, dict, set, frozenset)


class _Function(NamedTuple):
    """A function that code calls."""

    source: str
    values: str
    """The text of the constants and models that the function names."""
    module: str


@dataclass(frozen=True)
class CodePart:
    """A function or a statement, and what it does itself."""

    text: str
    effects: CodeEffects

    def may_fix(self, kind: PreconditionKind, names: Iterable[str], models: Iterable[str]) -> bool:
        """Return whether it may change rows of one of the models; see `Code.may_fix`."""
        if not self.effects.may_fix(kind, names):
            return False
        is_deletion = not self.effects.may_fix(kind, names, with_deletions=False)
        # A function that gets models itself deletes rows of these.
        return not is_deletion or "get_model" not in self.text or mentions(self.text, *models)


@dataclass(frozen=True)
class Code:
    """Code that an operation runs."""

    migration: str
    """Key of the migration."""
    text: str | None
    """The functions and the values that they use, or the statements; None if unavailable."""
    parts: tuple[CodePart, ...] | None = None
    """The functions or statements; None if what they write is unknown."""
    may_use_any_model: bool = False
    """Whether a function that changes rows gets models without naming them."""
    location: str = ""
    """Path of the file below the folder of its package, and the line."""
    operation: str = ""
    """Class of the operation."""

    @property
    def may_write(self) -> bool:
        """Whether the code may write anything."""
        return self.parts is None or any(part.effects.writes for part in self.parts)

    def may_fix(self, kind: PreconditionKind, names: Iterable[str], models: ModelNames) -> bool:
        """Return whether the code may change rows so that they satisfy a precondition.

        Args:
            kind: What the precondition requires.
            names: The names of its fields and columns.
            models: The names of its model.
        """
        parts, own = self.parts, models.own
        if self.may_use_any_model or mentions(self.text, *own):
            return parts is None or any(part.may_fix(kind, names, own) for part in parts)
        deletions = (part.text for part in parts or () if part.effects.deletes_rows)
        return bool(models.owners) and any(mentions(each, *models.owners) for each in deletions)


def describe_code(code: Code) -> MigrationCode:
    """Return what the source text shows, as facts."""
    effects = [part.effects for part in code.parts or ()]
    access = CodeAccess.WRITES if code.may_write else CodeAccess.READS
    return MigrationCode(
        code.migration,
        code.operation,
        CodeAccess.UNKNOWN if code.parts is None else access,
        code.location,
        tuple(f"{app}.{model}" for app, model in find_referenced_models(code.text)),
        tuple(sorted({name for each in effects for name in each.fields})),
        tuple(dict.fromkeys(text for each in effects for text in each.raises)),
    )


def find_fixing_code(
    code: Iterable[Code], kind: PreconditionKind, names: Iterable[str], models: ModelNames
) -> tuple[str, ...]:
    """Return the migrations whose code may change rows so that they satisfy a precondition."""
    names = tuple(names)
    fixing = (each.migration for each in code if each.may_fix(kind, names, models))
    return tuple(dict.fromkeys(fixing))


def read_code(migration: Migration, operation: Operation) -> Code | None:
    """Return the code that an operation runs; None if it runs none.

    The operation class of an App counts as code, because it may do anything.
    """
    key = f"{migration.app_label}.{migration.name}"
    if isinstance(operation, RunSQL):
        code = read_statements(key, operation.sql)
    elif isinstance(operation, RunPython):
        code = None if is_noop(operation.code) else read_callable(key, operation.code)
    elif type(operation).__module__.startswith("django."):
        code = None
    else:
        # The arguments of the operation can name any model, and its class can do anything.
        code = Code(key, f"{operation!r} {vars(operation)!r}", may_use_any_model=True)
    return code and replace(code, operation=type(operation).__name__)


def read_reverse_code(
    migration: str, operation: RunPython | RunSQL, *, forward: bool
) -> Code | None:
    """Return the code of a reversing operation, or of its original forward operation.

    Args:
        migration: Key of the migration.
        operation: The reversing operation. Its reverse code is the original forward code.
        forward: Whether to return the code of the original forward operation.
    """
    if isinstance(operation, RunSQL):
        return read_statements(migration, operation.reverse_sql if forward else operation.sql)
    code = operation.reverse_code if forward else operation.code
    return None if is_noop(code) else read_callable(migration, code)


def read_statements(migration: str, sql: Any) -> Code | None:
    """Return the SQL of an operation as code; None if there is none."""
    if not sql:
        return None
    statements = [sql] if isinstance(sql, str) else [part for each in sql for part in _texts(each)]
    parts = tuple(CodePart(each, read_sql(each)) for each in statements)
    return Code(migration, repr(sql), parts)


def _texts(statement: Any) -> Iterator[str]:
    """Yield the text of a statement, which may be a pair of a text and its parameters."""
    text = statement if isinstance(statement, str) else statement[0]
    if isinstance(text, str):
        yield text


def read_callable(migration: str, code: Any) -> Code:
    """Return a function and the functions that it calls as code."""
    function = inspect.unwrap(getattr(code, "func", code))
    try:
        functions = list(_walk_functions(function))
        location = _describe_location(function)
    except (OSError, TypeError, AttributeError, SyntaxError):
        return Code(migration, None)
    arguments = repr((code.args, code.keywords)) if function is not code else ""
    sources = [strip_comments(each.source) for each in functions]
    texts = [f"{source}\n{each.values}" for source, each in zip(sources, functions, strict=True)]
    whole_text = "\n".join([*texts, arguments])
    package = function.__module__.partition(".")[0]
    try:
        parts = tuple(
            CodePart(text, read_function(source, with_raises=_is_in(package, each.module)))
            for each, source, text in zip(functions, sources, texts, strict=True)
        )
    except SyntaxError:
        return Code(migration, whole_text, None, True, location)
    may_use_any = any(part.effects.changes_rows and finds_any_model(part.text) for part in parts)
    return Code(migration, whole_text, parts, may_use_any, location)


def _is_in(package: str, module: str) -> bool:
    return module.partition(".")[0] == package


def _describe_location(function: Any) -> str:
    """Return the path of a function below the folder of its package, and its line."""
    path = f"{function.__module__.replace('.', '/')}.py"
    return f"{path}:{inspect.getsourcelines(function)[1]}"


def is_noop(code: Any) -> bool:
    """Return whether a function has no effect: it uses no global name, attribute or outer name."""
    if code is RunPython.noop:
        return True
    body = getattr(inspect.unwrap(code), "__code__", None)
    return body is not None and not body.co_freevars and not any(_list_global_names(body))


def _walk_functions(function: Any) -> Iterator[_Function]:
    """Yield a function and the functions that it calls, each with the values that it names."""
    own_class = type(getattr(function, "__self__", None))
    visited, pending = set(), [getattr(function, "__func__", function)]
    while pending:
        current = pending.pop()
        if id(current) in visited:
            continue
        visited.add(id(current))
        names = frozenset(_list_global_names(current.__code__))
        values = []
        for value in (*_used_values(current, names), own_class):
            if isinstance(value, LITERAL_TYPES):
                values.append(repr(value))
                pending += filter(_has_file, _members(value))
            elif inspect.isclass(value) and issubclass(value, (Model, QuerySet, BaseManager)):
                values.append(value.__name__)
            elif not str(getattr(value, "__module__", "")).startswith("django."):
                found = _methods(value, names) if inspect.isclass(value) else [value]
                pending += filter(_has_file, map(inspect.unwrap, found))
        yield _Function(inspect.getsource(current), "\n".join(values), current.__module__)


def _used_values(function: Any, names: frozenset[str]) -> Iterator[Any]:
    """Yield the values that a function names: globals, imports in its body and outer variables."""
    values = [*map(function.__globals__.get, names), *_import_local_names(function).values()]
    values += (cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell))
    for value in values:
        if inspect.ismodule(value):
            if not value.__name__.startswith(("django", "builtins")):
                yield from (getattr(value, name, None) for name in names)
        elif isinstance(value, partial):
            yield value.func
            yield (value.args, value.keywords)
        else:
            yield value


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


def _import_local_names(function: Any) -> dict[str, Any]:
    """Return what a function imports inside its body. An import that fails is left out."""
    found = {}
    for module, name in find_imports(inspect.getsource(function)):
        with contextlib.suppress(ImportError, AttributeError, ValueError):
            absolute = importlib.util.resolve_name(module, function.__module__.rpartition(".")[0])
            imported = importlib.import_module(absolute)
            found[name or absolute] = getattr(imported, name) if name else imported
    return found


def _has_file(value: Any) -> bool:
    """Return whether a value is a function from a file. ``namedtuple`` generates functions."""
    return inspect.isfunction(value) and not value.__code__.co_filename.startswith("<")


def _list_global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_global_names(constant)
