"""Read the code that migrations run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation

from ...facts.migration_code import CodeAccess, MigrationCode
from ...facts.preconditions import PreconditionKind
from .called_functions import is_noop, walk_functions
from .code_effects import read_function, read_sql
from .effects import CodeEffects
from .known_names import ModelNames
from .source_text import (
    find_referenced_models,
    finds_any_model,
    mentions,
    runs_code_of_django,
    strip_comments,
)


@dataclass(frozen=True)
class CodePart:
    """A function or a statement, and what it does itself."""

    text: str
    effects: CodeEffects

    def may_fix(self, kind: PreconditionKind, names: Iterable[str], models: Iterable[str]) -> bool:
        """Return whether it may change rows of one of the models. See `Code.may_fix`."""
        own = frozenset(name.lower() for name in models)
        if not self.effects.may_fix(kind, names, own):
            return False
        is_deletion = not self.effects.may_fix(kind, names, own, with_deletions=False)
        # A function that gets models itself deletes rows of these.
        return not is_deletion or "get_model" not in self.text or mentions(self.text, *models)


@dataclass(frozen=True)
class Code:
    """Code that an operation runs."""

    migration: str
    """Key of the migration."""
    text: str | None
    """The functions and the values that they use, or the statements. None if unavailable."""
    parts: tuple[CodePart, ...] | None = None
    """The functions or statements. None if what they write is unknown."""
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
            kind: The kind of the precondition.
            names: The names of its fields and columns.
            models: The names of its model.
        """
        parts, own = self.parts, models.own
        if parts is not None and not any(each.effects.may_change_rows for each in parts):
            return False  # It assigns the fields of objects, and saves none.
        if self.may_use_any_model or mentions(self.text, *own):
            return parts is None or any(part.may_fix(kind, names, own) for part in parts)
        deletions = (part.text for part in parts or () if part.effects.deletes_rows)
        return bool(models.owners) and any(mentions(each, *models.owners) for each in deletions)


def describe_code(code: Code) -> MigrationCode:
    """Return what the source text shows, as facts."""
    effects = [part.effects for part in code.parts or ()]
    access = CodeAccess.WRITES if code.may_write else CodeAccess.READS
    writing = [each for each in effects if each.writes and not each.changes_schema]
    if not writing and any(each.changes_schema for each in effects):
        access = CodeAccess.SCHEMA
    return MigrationCode(
        code.migration,
        code.operation,
        CodeAccess.UNKNOWN if code.parts is None else access,
        code.location,
        tuple(f"{app}.{model}" for app, model in find_referenced_models(code.text)),
        tuple(sorted({name for each in effects for name in each.field_names})),
        tuple(dict.fromkeys(text for each in effects for text in each.raises)),
        tuple(dict.fromkeys(need for each in effects for need in each.requirements)),
        code.parts is None or any(each.writes_unknown_fields for each in effects),
    )


def find_fixing_code(
    code: Iterable[Code], kind: PreconditionKind, names: Iterable[str], models: ModelNames
) -> tuple[str, ...]:
    """Return the migrations whose code may change rows so that they satisfy a precondition."""
    names = tuple(names)
    fixing = (each.migration for each in code if each.may_fix(kind, names, models))
    return tuple(dict.fromkeys(fixing))


def read_code(migration: Migration, operation: Operation) -> Code | None:
    """Return the code that an operation runs. None if it runs none.

    The operation class of an App counts as code, because it may do anything. Code that cannot be
    read may do anything too, and must not stop the analysis of other migrations.
    """
    key = f"{migration.app_label}.{migration.name}"
    try:
        return _read_code(key, operation)
    except Exception:  # noqa: BLE001 - the code of an App can have any form
        return Code(key, None, operation=type(operation).__name__)


def _read_code(key: str, operation: Operation) -> Code | None:
    if isinstance(operation, RunSQL):
        code = read_statements(key, operation.sql)
    elif isinstance(operation, RunPython):
        code = None if is_noop(operation.code) else read_callable(key, operation.code)
    elif runs_code_of_django(operation):
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
    """Return the SQL of an operation as code. None if there is none."""
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
    arguments = repr((code.args, code.keywords)) if isinstance(code, partial) else ""
    function = inspect.unwrap(code.func if isinstance(code, partial) else code)
    try:
        functions = list(walk_functions(function))
        location = _describe_location(function)
    except (OSError, TypeError, AttributeError, SyntaxError):
        return Code(migration, None)
    sources = [strip_comments(each.source) for each in functions]
    texts = [f"{source}\n{each.values}" for source, each in zip(sources, functions, strict=True)]
    whole_text = "\n".join([*texts, arguments])
    package = function.__module__.partition(".")[0]
    parts = tuple(
        CodePart(text, _read_part(source, is_own=_is_in(package, each.module)))
        for each, source, text in zip(functions, sources, texts, strict=True)
    )
    may_use_any = any(part.effects.changes_rows and finds_any_model(part.text) for part in parts)
    return Code(migration, whole_text, parts, may_use_any, location)


def _read_part(source: str, *, is_own: bool) -> CodeEffects:
    """Return the effects of a function. A lambda inside a statement cannot be read."""
    try:
        return read_function(source, with_raises=is_own)
    except SyntaxError:
        return CodeEffects(writes_unknown_fields=is_own)


def _is_in(package: str, module: str) -> bool:
    return module.partition(".")[0] == package


def _describe_location(function: Any) -> str:
    """Return the path of a function below the folder of its package, and its line."""
    path = f"{function.__module__.replace('.', '/')}.py"
    return f"{path}:{inspect.getsourcelines(function)[1]}"
