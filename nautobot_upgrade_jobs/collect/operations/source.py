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

DYNAMIC_MODEL_LOOKUP = re.compile(r"\b(get_models|model_class)\b")
"""In code that does not say which models it works on."""
LITERAL_TYPES = (str, list, tuple, dict, set, frozenset)
GET_MODEL_CALL = re.compile(r"""get_model\(\s*["'](\w+)(?:["']\s*,\s*["']|\.)(\w+)["']""")


def operation_source(migration: Migration, one: Operation) -> str | None:
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
    reached = reachable_source(one.code)
    return None if reached is None else f"{strip_comments(whole)}\n{reached}"


def reachable_source(code: Any) -> str | None:
    """Return the text of a function, and of what it calls; None if nobody has it."""
    function = inspect.unwrap(getattr(code, "func", code))
    try:
        return "\n".join(map(strip_comments, _walk_reachable_source(function)))
    except (OSError, TypeError, AttributeError):
        return None


def is_noop(code: Any) -> bool:
    """Tell whether a function cannot have done anything: it names nothing outside of itself."""
    if code is RunPython.noop:
        return True
    body = getattr(inspect.unwrap(code), "__code__", None)
    return body is not None and not any(_list_global_names(body))


def strip_comments(text: str) -> str:
    """Return code without its comments and docstrings, whose words may be the name of any model."""
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value = ast.Constant(None)
    return ast.unparse(tree)


def _walk_reachable_source(function: Any) -> Iterator[str]:
    """Yield the text of a function, of what it calls by name, and the values that it takes."""
    seen, left = set(), [function]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield inspect.getsource(one)
        for name in _list_global_names(one.__code__):
            found = one.__globals__.get(name)
            if isinstance(found, LITERAL_TYPES):
                yield repr(found)
            elif inspect.isclass(found) and issubclass(found, Model):
                yield found.__name__
            elif not str(getattr(found, "__module__", "")).startswith("django."):
                members = vars(found).values() if inspect.isclass(found) else [found]
                left += filter(inspect.isfunction, map(inspect.unwrap, members))


def _list_global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _list_global_names(inner)


def mentions(source: str | None, *words: str) -> bool:
    """Tell whether code may work on what is named so."""
    if source is None or DYNAMIC_MODEL_LOOKUP.search(source):
        return True
    word = "|".join(map(re.escape, filter(None, words)))
    return bool(source and re.search(rf"\b({word})\b", source, re.IGNORECASE))


def find_referenced_models(source: str | None) -> Iterator[tuple[str, str]]:
    """Yield the models, as (app label, name in lower case), that code asks the registry for."""
    for app, model in dict.fromkeys(GET_MODEL_CALL.findall(source or "")):
        yield app, model.lower()


def reverse_source(one: RunPython | RunSQL, *, forward: bool) -> str | None:
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
    return "" if is_noop(code) else reachable_source(code)
