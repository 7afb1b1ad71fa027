"""Find the fields that Python code uses in queries, by its source text.

Only queries that begin with a model or with a variable of such a query are read. What an unknown
method of a queryset adds is unknown, so nothing after such a method is read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from ..support.orm_names import MANAGERS

PREFETCHING_METHODS = frozenset({"prefetch_related"})
EXPRESSIONS = frozenset({"Avg", "Count", "F", "Max", "Min", "StdDev", "Sum", "Variance"})
"""Expressions whose first argument is the name of a field."""
CREATING_METHODS = frozenset({"get_or_create", "update_or_create"})
LOOKUP_METHODS = frozenset({"filter", "exclude", "get", "aget", *CREATING_METHODS})
NAME_METHODS = frozenset(
    {"values", "values_list", "order_by", "select_related", "distinct", "only", "defer"}
)
ANNOTATING_METHODS = frozenset({"annotate", "alias", "values", "values_list", "extra", "aggregate"})
"""Methods whose keywords are names that later methods may use."""
OTHER_METHODS = frozenset(
    {"all", "count", "exists", "first", "last", "none", "using", "iterator", "restrict", "reverse"}
    | {"delete", "in_bulk", "latest", "earliest", "create", "bulk_create", "select_for_update"}
)
SUBQUERIES = frozenset({"Exists", "OuterRef", "Prefetch", "Subquery"})
NOT_LOOKUPS = frozenset({"defaults", "create_defaults"})


class UseKind(Enum):
    """The ways in which code uses the name of a field."""

    KEYWORD = auto()
    """As a keyword of a method such as ``filter``."""
    CONDITION = auto()
    """In a ``Q`` object."""
    NAME = auto()
    """As a text, in a column list or an order."""
    EXPRESSION = auto()
    """In an expression such as ``F`` or ``Count``."""
    CREATION = auto()
    """In a method that also creates rows. A model of Nautobot can replace this method."""
    PREFETCH = auto()
    """As a relation whose objects are prefetched."""
    FIELD = auto()
    """In ``update``, which accepts only own fields."""


@dataclass(frozen=True)
class ModelPath:
    """The path from which code imports a model: a module, then attributes."""

    module: str
    attributes: tuple[str, ...]


class FieldUse(NamedTuple):
    """One use of a field of a model."""

    model: ModelPath
    name: str
    """The lookup or the path, such as ``device__name__in``."""
    kind: UseKind
    line: int
    call: ast.Call
    """The call of the method of the queryset that has the name."""
    method: str


class _Step(NamedTuple):
    """One method call of a query."""

    method: str
    call: ast.Call


def find_field_uses(tree: ast.Module) -> Iterator[FieldUse]:
    """Yield the fields that the queries in a file use, each use once."""
    nodes = list(ast.walk(tree))
    imports = dict(_imported_names(nodes))
    # Without a variable that holds a query, the functions have no queries but those of the file.
    has_variables = any(
        isinstance(node, ast.Assign) and _read_query(node.value, imports, {}) for node in nodes
    )
    scopes = [tree, *(node for node in nodes if has_variables and _is_function(node))]
    found: dict[tuple[ModelPath, str, int, UseKind], FieldUse] = {}
    for scope in scopes:
        variables = _query_variables(scope, imports)
        if not variables and scope is not tree:
            continue  # The whole file has the same queries.
        for node in ast.walk(scope):
            if isinstance(node, ast.Call):
                for use in _uses_of_query(node, imports, variables):
                    found.setdefault((use.model, use.name, use.line, use.kind), use)
    yield from found.values()


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))


def _imported_names(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ModelPath]]:
    """Yield the absolute imports of a file, by the name that the code uses."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, ModelPath(node.module, (alias.name,))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, ModelPath(alias.name, ())


def _query_variables(
    scope: ast.AST, imports: Mapping[str, ModelPath]
) -> dict[str, tuple[ModelPath, frozenset[str]]]:
    """Return the variables that always hold a query of one model, with its annotations."""
    found: dict[str, list[tuple[ModelPath, frozenset[str]] | None]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                query = _read_query(node.value, imports, {})
                known = (query[0], _annotations(query[1])) if query and query[1] else None
                found.setdefault(target.id, []).append(known)
    return {name: one[0] for name, one in found.items() if len(one) == 1 and one[0]}


def _uses_of_query(
    node: ast.Call,
    imports: Mapping[str, ModelPath],
    variables: Mapping[str, tuple[ModelPath, frozenset[str]]],
) -> Iterator[FieldUse]:
    query = _read_query(node, imports, variables)
    if query is None:
        return
    model, steps, known = query
    annotations = known | _annotations(steps)
    named = known | _named_annotations(steps)
    for method, call in steps:
        for name, kind in _names_in_call(method, call):
            # The default name of an annotation begins with the field in it.
            is_expression = kind is UseKind.EXPRESSION
            if name.partition("__")[0] not in (named if is_expression else annotations):
                line = call.func.end_lineno or call.lineno
                yield FieldUse(model, name, kind, line, call, method)


def _read_query(
    node: ast.AST,
    imports: Mapping[str, ModelPath],
    variables: Mapping[str, tuple[ModelPath, frozenset[str]]],
) -> tuple[ModelPath, list[_Step], frozenset[str]] | None:
    """Return the model of a query, its method calls and the annotations before them."""
    names: list[str] = []
    steps: list[_Step] = []
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            steps.insert(0, _Step(node.func.attr, node))
            node = node.func.value
        elif isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        else:
            break
    if not isinstance(node, ast.Name):
        return None
    known = frozenset[str]()
    if node.id in variables and not names:
        model, known = variables[node.id]
    elif node.id in imports and names and names[-1] in MANAGERS:
        start = imports[node.id]
        model = ModelPath(start.module, (*start.attributes, *names[:-1]))
    else:
        return None
    return model, list(_known_steps(steps)), known


def _known_steps(steps: Iterable[_Step]) -> Iterator[_Step]:
    """Yield the steps before the first method that may add names."""
    known = LOOKUP_METHODS | NAME_METHODS | PREFETCHING_METHODS | ANNOTATING_METHODS | OTHER_METHODS
    for step in steps:
        if step.method not in known | {"update"}:
            return
        if step.method in ANNOTATING_METHODS and any(
            each.arg is None for each in step.call.keywords
        ):
            return
        yield step


def _annotations(steps: Iterable[_Step]) -> frozenset[str]:
    """Return the names that a query adds to its rows."""
    defaults = (
        name
        for method, call in steps
        if method in ANNOTATING_METHODS
        for name in _default_aliases(call)
    )
    return _named_annotations(steps).union(defaults)


def _named_annotations(steps: Iterable[_Step]) -> frozenset[str]:
    """Return the names that a query adds by keywords."""
    calls = (call for method, call in steps if method in ANNOTATING_METHODS)
    return frozenset(each.arg for call in calls for each in call.keywords if each.arg)


def _default_aliases(call: ast.Call) -> Iterator[str]:
    """Yield the starts of the names of annotations such as ``Count("device")``."""
    for argument in call.args:
        if isinstance(argument, ast.Call) and argument.args:
            field = argument.args[0]
            if isinstance(field, ast.Constant):
                yield str(field.value).partition("__")[0]


def _function_name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _names_in_call(method: str, call: ast.Call) -> Iterator[tuple[str, UseKind]]:
    if method in LOOKUP_METHODS:
        kind = UseKind.CREATION if method in CREATING_METHODS else UseKind.KEYWORD
        yield from ((name, kind) for name in _keywords(call))
    elif method in NAME_METHODS:
        for text in _texts(call):
            name = text.lstrip("-+")
            if name and name != "?":
                yield name, UseKind.NAME
    elif method in PREFETCHING_METHODS:
        yield from ((text, UseKind.PREFETCH) for text in _texts(call))
    elif method == "update":
        yield from ((name, UseKind.FIELD) for name in _keywords(call))
    yield from _names_in_expressions(call)


def _names_in_expressions(call: ast.Call) -> Iterator[tuple[str, UseKind]]:
    """Yield the names in each ``Q``, ``F`` and aggregate in the arguments of a call.

    A subquery has fields of another model, and is a query of its own.
    """
    pending: list[ast.AST] = [*call.args, *(each.value for each in call.keywords)]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Call):
            name = _function_name(node)
            if name in SUBQUERIES or _has_query(node):
                continue
            if name == "Q":
                yield from ((each, UseKind.CONDITION) for each in _keywords(node))
            elif name in EXPRESSIONS:
                yield from ((each, UseKind.EXPRESSION) for each in [*_texts(node)][:1])
        pending[:0] = ast.iter_child_nodes(node)


def _has_query(node: ast.AST) -> bool:
    """Return whether code contains a query."""
    return any(isinstance(each, ast.Attribute) and each.attr in MANAGERS for each in ast.walk(node))


def _keywords(call: ast.Call) -> Iterator[str]:
    return (each.arg for each in call.keywords if each.arg and each.arg not in NOT_LOOKUPS)


def _texts(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
