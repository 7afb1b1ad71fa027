"""Find model names in the source text of migrations."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.migrations.operations.base import Operation

DYNAMIC_MODEL_LOOKUP = re.compile(
    r"""\b(?:get_models|model_class)\s*\(|\ball_models\b|\bget_model\([^()]*\bf["']"""
)
"""Calls that get models without naming them, so the code may change any model."""
GET_MODEL_CALL = re.compile(r"""get_model\(\s*["'](\w+)(?:["']\s*,\s*["']|\.)(\w+)["']""")


def strip_comments(text: str) -> str:
    """Return code without comments and docstrings, which may contain the name of any model."""
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def mentions(source: str | None, *words: str) -> bool:
    """Return whether code names one of the words. Code without a known source may name any."""
    if source is None:
        return True
    word = "|".join(map(re.escape, filter(None, words)))
    return bool(source and re.search(rf"\b({word})\b", source, re.IGNORECASE))


def finds_any_model(source: str) -> bool:
    """Return whether code gets models without naming them."""
    return bool(DYNAMIC_MODEL_LOOKUP.search(source))


def find_imports(source: str) -> Iterator[tuple[str, str]]:
    """Yield the imports in the source of a function, as (module, name). The name may be empty."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield "." * node.level + (node.module or ""), alias.name
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def find_referenced_models(source: str | None) -> Iterator[tuple[str, str]]:
    """Yield the models that code gets from the registry, as (app label, name in lower case)."""
    for app, model in dict.fromkeys(GET_MODEL_CALL.findall(source or "")):
        yield app, model.lower()


def runs_code_of_django(operation: Operation) -> bool:
    """Return whether the change of the schema is that of a class of Django.

    An App can derive a class, for instance to add an argument. A class of Django for one kind of
    server, such as AddIndexConcurrently, changes the schema as its base class does.
    """
    return all(
        getattr(type(operation), method).__module__.startswith("django.")
        for method in ("database_forwards", "state_forwards")
    )


def changes_schema_like_django(operation: Operation) -> bool:
    """Return whether an operation makes at least the change of its Django base class.

    The class of an App may do more, but it must call the method of its base class unconditionally.
    """
    if runs_code_of_django(operation):
        return True
    try:
        source = inspect.getsource(type(operation).database_forwards)
        (method,) = ast.parse(textwrap.dedent(source)).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return False
    for statement in getattr(method, "body", ()):
        if isinstance(statement, ast.Expr) and "super().database_forwards(" in ast.unparse(
            statement
        ):
            return True
        if not isinstance(statement, (ast.Expr, ast.Assign, ast.Import, ast.ImportFrom)):
            return False
    return False
