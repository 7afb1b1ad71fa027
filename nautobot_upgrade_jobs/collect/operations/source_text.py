"""Find model names in the source text of migrations."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator

DYNAMIC_MODEL_LOOKUP = re.compile(r"\b(get_models|model_class)\b")
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
    """Return whether code names one of the words, or may use models without naming them.

    Code without a known source counts as a mention.
    """
    if source is None or DYNAMIC_MODEL_LOOKUP.search(source):
        return True
    word = "|".join(map(re.escape, filter(None, words)))
    return bool(source and re.search(rf"\b({word})\b", source, re.IGNORECASE))


def mentioned_by(sources: Iterable[tuple[str, str | None]], *words: str) -> tuple[str, ...]:
    """Return the migrations whose code may change a model or table.

    Args:
        sources: Keys of migrations, each with the source of its code.
        words: Names of the model or table.
    """
    return tuple(dict.fromkeys(key for key, source in sources if mentions(source, *words)))


def find_referenced_models(source: str | None) -> Iterator[tuple[str, str]]:
    """Yield the models that code gets from the registry, as (app label, name in lower case)."""
    for app, model in dict.fromkeys(GET_MODEL_CALL.findall(source or "")):
        yield app, model.lower()
