"""Find the rows and the values without which code stops."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ...facts.migration_code import CodeRequirement, RequirementKind
from ..support.orm_names import MANAGERS

OPTIONAL_METHODS = frozenset({"first", "last"})
"""Methods of a queryset that return None if no row matches."""
INDEXABLE_METHODS = frozenset(
    {"all", "annotate", "defer", "distinct", "exclude", "filter", "only", "order_by", "reverse"}
    | {"prefetch_related", "select_related", "using", "values", "values_list"}
)
"""Methods of a queryset that return a queryset, of which code can take a row by its number."""
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


@dataclass(frozen=True)
class _Names:
    """What the variables of a function hold."""

    rows: frozenset[str]
    """Rows or None, of which no condition tests which."""
    querysets: frozenset[str]
    numbers: frozenset[str]


def list_requirements(tree: ast.AST) -> Iterator[CodeRequirement]:
    """Yield what a function needs, unless it catches the exception or tests for it.

    Args:
        tree: The function.
    """
    querysets = frozenset(_assigned(tree, frozenset({"", *INDEXABLE_METHODS}), frozenset()))
    rows = frozenset(_assigned(tree, OPTIONAL_METHODS, querysets))
    names = _Names(rows - set(_tested_names(tree)), querysets, frozenset(_counting_variables(tree)))
    yield from _requirements(tree, names, frozenset())


def _requirements(
    node: ast.AST, names: _Names, caught: frozenset[RequirementKind]
) -> Iterator[CodeRequirement]:
    """Yield the requirements of a node and of the nodes in it.

    Args:
        node: The node.
        names: The variables of the function.
        caught: The kinds whose exceptions the code around the node catches.
    """
    kind = _kind_of(node, names)
    if kind and kind not in caught:
        yield CodeRequirement(kind, ast.unparse(node))
    in_body = caught | {each for each in HANDLERS if _catches(node, each)}
    for part, value in ast.iter_fields(node):
        inner = in_body if isinstance(node, ast.Try) and part == "body" else caught
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _requirements(child, names, inner)


def _kind_of(node: ast.AST, names: _Names) -> RequirementKind | None:
    """Return what an expression needs. None if it needs nothing."""
    if isinstance(node, ast.Attribute):
        is_row = isinstance(node.value, ast.Name) and node.value.id in names.rows
        is_optional = is_row or _called_on_rows(node.value, names.querysets) in OPTIONAL_METHODS
        return RequirementKind.ANY_ROW if is_optional else None
    if isinstance(node, ast.Subscript):
        is_first = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
        is_query = _called_on_rows(node.value, names.querysets) in INDEXABLE_METHODS
        return RequirementKind.ANY_ROW if is_first and is_query else None
    if not isinstance(node, ast.Call):
        return None
    method = _called_on_rows(node, names.querysets)
    if method == "get":
        return RequirementKind.ONE_ROW
    if method in STRICT_METHODS:
        return RequirementKind.ANY_ROW
    return RequirementKind.CONVERTIBLE if _converts_text(node, names.numbers) else None


def _called_on_rows(node: ast.AST, querysets: frozenset[str]) -> str | None:
    """Return the last method of ``Model.objects.filter().first()``. None for ``dict.get(key)``.

    The result is empty for the manager itself.
    """
    if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
        return ""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    attributes = {each.attr for each in ast.walk(node.func) if isinstance(each, ast.Attribute)}
    receiver: ast.AST = node.func
    while isinstance(receiver, (ast.Attribute, ast.Call)):
        receiver = receiver.value if isinstance(receiver, ast.Attribute) else receiver.func
    is_variable = isinstance(receiver, ast.Name) and receiver.id in querysets
    return node.func.attr if is_variable or not attributes.isdisjoint(MANAGERS) else None


def _assigned(tree: ast.AST, methods: frozenset[str], querysets: frozenset[str]) -> Iterator[str]:
    """Yield the variables that a function sets to the result of a method of a query."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _called_on_rows(node.value, querysets) in methods:
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def _counting_variables(tree: ast.AST) -> Iterator[str]:
    """Yield the variables of loops over ``range``."""
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.For, ast.comprehension))
            and isinstance(node.target, ast.Name)
            and isinstance(node.iter, ast.Call)
            and _function_name(node.iter) == "range"
        ):
            yield node.target.id


def _function_name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _converts_text(node: ast.Call, numbers: frozenset[str]) -> bool:
    """Return whether a call converts a value that may be any text."""
    if _function_name(node) not in CONVERTERS or not node.args:
        return False
    value = node.args[0]
    if isinstance(value, ast.Name) and value.id in numbers:
        return False
    is_number = isinstance(value, (ast.Constant, ast.BinOp, ast.Compare, ast.BoolOp)) or (
        isinstance(value, ast.Call) and _function_name(value) in NUMBERS
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


def _catches(node: ast.AST, kind: RequirementKind) -> bool:
    """Return whether a statement catches the exception of a requirement."""
    return isinstance(node, ast.Try) and any(
        handler.type is None or any(name in ast.unparse(handler.type) for name in HANDLERS[kind])
        for handler in node.handlers
    )
