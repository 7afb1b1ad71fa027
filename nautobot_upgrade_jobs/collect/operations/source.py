"""The code that migrations run, and the models that it names."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from types import CodeType
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import Model

ANY_MODEL = re.compile(r"\b(get_models|model_class)\b")
"""In code that does not say which models it works on."""
VALUES = (str, list, tuple, dict, set, frozenset)
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
    try:
        whole = inspect.getsource(sys.modules[migration.__module__])
    except (OSError, TypeError, KeyError):
        return None
    reached = source_reached(one.code)
    return None if reached is None else f"{without_prose(whole)}\n{reached}"


def source_reached(code: Any) -> str | None:
    """Return the text of a function, and of what it calls; None if nobody has it."""
    function = inspect.unwrap(getattr(code, "func", code))
    try:
        return "\n".join(map(without_prose, _reached(function)))
    except (OSError, TypeError, AttributeError):
        return None


def does_nothing(code: Any) -> bool:
    """Tell whether a function cannot have done anything: it names nothing outside of itself."""
    if code is RunPython.noop:
        return True
    body = getattr(inspect.unwrap(code), "__code__", None)
    return body is not None and not any(_global_names(body))


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


def _reached(function: Any) -> Iterator[str]:
    """Yield the text of a function, of what it calls by name, and the values that it takes."""
    seen, left = set(), [function]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield inspect.getsource(one)
        for name in _global_names(one.__code__):
            found = one.__globals__.get(name)
            if isinstance(found, VALUES):
                yield repr(found)
            elif inspect.isclass(found) and issubclass(found, Model):
                yield found.__name__
            elif not str(getattr(found, "__module__", "")).startswith("django."):
                members = vars(found).values() if inspect.isclass(found) else [found]
                left += filter(inspect.isfunction, map(inspect.unwrap, members))


def _global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _global_names(inner)


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


def undoing_text(one: RunPython | RunSQL, *, forward: bool) -> str | None:
    """Return the text of what code has done on the way there, or does on the way back.

    Args:
        one: It undoes; what it calls its reverse is the way there.
        forward: Which of the two.

    Returns:
        Empty if nothing is done; None if nobody has the text.
    """
    if isinstance(one, RunSQL):
        sql = one.reverse_sql if forward else one.sql
        return repr(sql) if sql else ""
    code = one.reverse_code if forward else one.code
    return "" if does_nothing(code) else source_reached(code)
