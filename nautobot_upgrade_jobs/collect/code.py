"""The code that migrations run, and the models that it names."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation

ANY_MODEL = re.compile(r"\b(get_models|model_class)\b")
"""In code that does not say which models it works on."""
NAMED = re.compile(r"""get_model\(\s*["'](\w+)(?:["']\s*,\s*["']|\.)(\w+)["']""")


def source_of(migration: Migration, one: Operation) -> str | None:
    """Return the text that names what an operation works on.

    Args:
        migration: It has the operation.
        one: What may be code.

    Returns:
        Empty if it runs none; None if it does, and nobody has its text.
    """
    if isinstance(one, RunSQL):
        return repr(one.sql) if one.sql else ""
    if not isinstance(one, RunPython) or one.code is RunPython.noop:
        return ""
    function = inspect.unwrap(getattr(one.code, "func", one.code))
    try:
        module = inspect.getsource(sys.modules[function.__module__])
        own = inspect.getsource(sys.modules[migration.__module__])
        texts = [module, own, *map(inspect.getsource, _called(function))]
    except (OSError, TypeError, KeyError):
        return None
    return "\n".join(map(without_prose, texts))


def without_prose(text: str) -> str:
    """Return code without its comments and docstrings, whose words may be the name of any model."""
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def _called(function: Any) -> Iterator[Any]:
    """Yield the functions of other modules that a function names."""
    code = getattr(function, "__code__", None)
    for name in code.co_names if code else ():
        found = function.__globals__.get(name)
        if inspect.isfunction(found) and found.__module__ != function.__module__:
            yield found


def names(source: str | None, *words: str) -> bool:
    """Tell whether code may work on what is named so."""
    if source is None or ANY_MODEL.search(source):
        return True
    word = "|".join(map(re.escape, filter(None, words)))
    return bool(source and re.search(rf"\b({word})\b", source, re.IGNORECASE))


def models_in(source: str | None) -> Iterator[tuple[str, str]]:
    """Yield the models, as (app label, name in lower case), that code asks the registry for."""
    for app, model in dict.fromkeys(NAMED.findall(source or "")):
        yield app, model.lower()
