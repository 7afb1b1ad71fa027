"""List the exceptions that code raises itself, with the conditions under which it does."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
CATCHING_ALL = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True)
class _Place:
    """Where a statement is."""

    conditions: tuple[str, ...] = ()
    loop: str = ""
    """What an enclosing loop runs over, if no condition is between the loop and the statement."""
    caught: tuple[str, ...] = ()
    """Names of the exceptions that the code around the statement catches."""

    def under(self, condition: str) -> _Place:
        """Return the place under a further condition."""
        return replace(self, conditions=(*self.conditions, condition), loop="")

    def describe(self, exception: str) -> str:
        """Return an exception with its conditions."""
        conditions = (*self.conditions, *((f"{self.loop} has an item",) if self.loop else ()))
        return f"{exception} if {' and '.join(conditions)}" if conditions else exception


def list_raises(tree: ast.Module) -> Iterator[str]:
    """Yield the exceptions of the raise and assert statements, each with its conditions.

    Args:
        tree: The module with the function. An exception that the function catches is left out.
    """
    yield from _raises_in_block(tree.body, _Place())


def _raises_in_block(statements: Sequence[ast.stmt], place: _Place) -> Iterator[str]:
    for statement in statements:
        yield from _raises_in(statement, place)
        if isinstance(statement, ast.If):  # The rest runs only if no branch has left the block.
            test = ast.unparse(statement.test)
            if isinstance(statement.body[-1], EXITS):
                place = place.under(f"not ({test})")
            elif statement.orelse and isinstance(statement.orelse[-1], EXITS):
                place = place.under(test)


def _raises_in(node: ast.AST, place: _Place) -> Iterator[str]:
    if isinstance(node, ast.Raise):
        name = _exception_name(node.exc)
        if node.exc is not None and not any(_is_caught(name, each) for each in place.caught):
            yield place.describe(ast.unparse(node.exc))
    elif isinstance(node, ast.Expr) and _is_exit(node.value):
        if not {"SystemExit", "BaseException"} & set(place.caught):
            yield place.describe(ast.unparse(node.value))
    elif isinstance(node, ast.Assert):
        if not any(_is_caught("AssertionError", each) for each in place.caught):
            yield place.under(f"not ({ast.unparse(node.test)})").describe("AssertionError")
    elif isinstance(node, (ast.If, ast.While)):
        test = ast.unparse(node.test)
        yield from _raises_in_block(node.body, place.under(test))
        yield from _raises_in_block(node.orelse, place.under(f"not ({test})"))
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        inside = replace(place, loop=ast.unparse(node.iter))
        yield from _raises_in_block(node.body, inside)
        yield from _raises_in_block(node.orelse, place)
    else:
        yield from _raises_in_other_block(node, place)


def _raises_in_other_block(node: ast.AST, place: _Place) -> Iterator[str]:
    if isinstance(node, ast.Try):
        names = tuple(name for handler in node.handlers for name in _caught_names(handler.type))
        yield from _raises_in_block(node.body, replace(place, caught=(*place.caught, *names)))
        for handler in node.handlers:
            kind = ast.unparse(handler.type) if handler.type else "an exception"
            yield from _raises_in_block(handler.body, place.under(f"{kind} is raised"))
        yield from _raises_in_block((*node.orelse, *node.finalbody), place)
    elif isinstance(node, ast.Match):
        for case in node.cases:
            matches = f"{ast.unparse(node.subject)} matches {ast.unparse(case.pattern)}"
            yield from _raises_in_block(case.body, place.under(matches))
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        names = tuple(name for item in node.items for name in _suppressed_names(item))
        yield from _raises_in_block(node.body, replace(place, caught=(*place.caught, *names)))
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield from _raises_in_block(node.body, place)


def _exception_name(node: ast.expr | None) -> str:
    called = node.func if isinstance(node, ast.Call) else node
    return str(getattr(called, "attr", getattr(called, "id", "")))


def _caught_names(node: ast.expr | None) -> Iterator[str]:
    """Yield the names of the exceptions that a handler catches."""
    if node is None:
        yield "BaseException"
    for one in node.elts if isinstance(node, ast.Tuple) else [node] if node else []:
        yield _exception_name(one)


def _suppressed_names(item: ast.withitem) -> Iterator[str]:
    call = item.context_expr
    if isinstance(call, ast.Call) and _exception_name(call) == "suppress":
        yield from map(_exception_name, call.args)


def _is_caught(name: str, caught: str) -> bool:
    """Return whether a handler for an exception catches another one."""
    if name == caught or caught in CATCHING_ALL:
        return True
    kinds = (getattr(builtins, name, None), getattr(builtins, caught, None))
    return all(isinstance(kind, type) for kind in kinds) and issubclass(*kinds)


def _is_exit(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("exit", "quit", "sys.exit")
