"""Find the rows and the values without which code stops."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...facts.migration_code import CodeRequirement, RequirementKind

MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
OPTIONAL_METHODS = frozenset({"first", "last"})
"""Methods of a queryset that return None if no row matches."""
STRICT_METHODS = frozenset({"latest", "earliest"})
CONVERTERS = frozenset(
    {"int", "float", "Decimal", "UUID", "IPAddress", "IPNetwork", "ip_address", "ip_network"}
    | {"loads", "literal_eval", "strptime", "fromisoformat"}
)
"""Functions that raise an exception for a text that they cannot convert."""
NUMBERS = frozenset({"len", "count", "sum", "round", "max", "min", "total_seconds", "time"})
"""Functions whose result is always a number."""
HANDLERS = {
    RequirementKind.ONE_ROW: ("DoesNotExist", "Exception"),
    RequirementKind.ANY_ROW: ("DoesNotExist", "AttributeError", "IndexError", "Exception"),
    RequirementKind.CONVERTIBLE: ("Error", "Exception", "Invalid"),
}
"""Parts of the names of the exceptions that a handler must catch."""


def list_requirements(tree: ast.AST) -> Iterator[CodeRequirement]:
    """Yield what a function needs, unless it catches the exception or tests for it.

    Args:
        tree: The function.
    """
    yield from _requirements(tree, frozenset(_tested_names(tree)), frozenset(_row_variables(tree)))


def _requirements(
    node: ast.AST,
    tested: frozenset[str],
    rows: frozenset[str],
    caught: frozenset[RequirementKind] = frozenset(),
) -> Iterator[CodeRequirement]:
    """Yield the requirements of a node and of the nodes in it.

    Args:
        node: The node.
        tested: The variables that a condition of the function names.
        rows: The variables that hold a row or None.
        caught: The kinds whose exceptions the code around the node catches.
    """
    kind = _kind_of(node, rows - tested)
    if kind and kind not in caught:
        yield CodeRequirement(kind, ast.unparse(node))
    in_body = caught | {each for each in HANDLERS if _catches(node, each)}
    for name, value in ast.iter_fields(node):
        inner = in_body if isinstance(node, ast.Try) and name == "body" else caught
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _requirements(child, tested, rows, inner)


def _kind_of(node: ast.AST, rows: frozenset[str]) -> RequirementKind | None:
    """Return what an expression needs; None if it needs nothing."""
    if isinstance(node, ast.Attribute):
        is_row = isinstance(node.value, ast.Name) and node.value.id in rows
        is_optional = is_row or _called_on_rows(node.value) in OPTIONAL_METHODS
        return RequirementKind.ANY_ROW if is_optional else None
    if isinstance(node, ast.Subscript):
        is_first = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        is_query = isinstance(node.value, ast.Call) and _called_on_rows(node.value)
        return RequirementKind.ANY_ROW if is_first and is_query else None
    if not isinstance(node, ast.Call):
        return None
    method = _called_on_rows(node)
    if method == "get":
        return RequirementKind.ONE_ROW
    if method in STRICT_METHODS:
        return RequirementKind.ANY_ROW
    return RequirementKind.CONVERTIBLE if _converts_text(node) else None


def _called_on_rows(node: ast.AST) -> str:
    """Return the method of ``Model.objects.filter().first()``; empty for ``dict.get(key)``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    attributes = {each.attr for each in ast.walk(node.func) if isinstance(each, ast.Attribute)}
    return "" if attributes.isdisjoint(MANAGERS) else node.func.attr


def _converts_text(node: ast.Call) -> bool:
    """Return whether a call converts a value that may be any text."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in CONVERTERS or not node.args:
        return False
    value = node.args[0]
    is_number = isinstance(value, (ast.Constant, ast.BinOp, ast.Compare, ast.BoolOp)) or (
        isinstance(value, ast.Call)
        and getattr(value.func, "attr", getattr(value.func, "id", "")) in NUMBERS
    )
    return not is_number


def _tested_names(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that the conditions of a function name."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            tests: list[ast.expr] = [node.test]
        elif isinstance(node, ast.BoolOp):
            tests = node.values
        else:
            tests = []
        for test in tests:
            yield from (each.id for each in ast.walk(test) if isinstance(each, ast.Name))


def _row_variables(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that a function sets to a row or to None."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _called_on_rows(node.value) in OPTIONAL_METHODS:
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def _catches(node: ast.AST, kind: RequirementKind) -> bool:
    """Return whether a statement catches the exception of a requirement."""
    return isinstance(node, ast.Try) and any(
        handler.type is None or any(name in ast.unparse(handler.type) for name in HANDLERS[kind])
        for handler in node.handlers
    )
