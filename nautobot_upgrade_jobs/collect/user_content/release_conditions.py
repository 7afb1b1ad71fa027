"""Find the code that may run on some releases only, because a condition depends on the release."""

from __future__ import annotations

import ast
from collections.abc import Iterator

INSPECTING_FUNCTIONS = frozenset({"hasattr", "getattr", "find_spec"})
FIELD_ERRORS = frozenset({"FieldError", "FieldDoesNotExist", "AttributeError", "ImportError"})
"""Code that catches such an error expects that a release lacks the field."""
EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def release_conditions(tree: ast.Module) -> dict[ast.AST, str]:
    """Return the nodes of a file that may run on some releases only, each with its condition."""
    return dict(_Finder(tree).conditional_nodes(tree, ""))


class _Finder:
    """Finds conditional nodes. It knows which variables of the file depend on the release."""

    def __init__(self, tree: ast.Module) -> None:
        self.names = set(_import_results(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and self._depends_on_release(node.value):
                self.names.update(_targets(node))

    def conditional_nodes(self, node: ast.AST, condition: str) -> Iterator[tuple[ast.AST, str]]:
        """Yield the conditional nodes at and below a node.

        Args:
            node: The node.
            condition: The condition under which the node runs; empty if it always does.
        """
        if condition:
            yield node, condition
        for name, value in ast.iter_fields(node):
            inner = condition or self._condition_of_part(node, name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    yield from self.conditional_nodes(item, inner)
                    inner = inner or self._condition_after(item, node)

    def _condition_of_part(self, node: ast.AST, part: str) -> str:
        if isinstance(node, (ast.If, ast.IfExp, ast.While)) and part in ("body", "orelse"):
            return self._text(node.test)
        if isinstance(node, ast.Try) and part in ("body", "handlers"):
            caught = (error for handler in node.handlers for error in _error_names(handler))
            errors = sorted(FIELD_ERRORS.intersection(caught))
            return f"try … except {', '.join(errors)}" if errors else ""
        return ""

    def _condition_after(self, node: ast.AST, parent: ast.AST) -> str:
        """Return the condition under which the items after an item of a list run."""
        if isinstance(node, ast.If) and isinstance(node.body[-1], EXITS):
            return self._text(node.test)
        if isinstance(parent, ast.BoolOp) and isinstance(node, ast.expr):
            return self._text(node)
        return ""

    def _text(self, test: ast.expr) -> str:
        return ast.unparse(test) if self._depends_on_release(test) else ""

    def _depends_on_release(self, test: ast.expr) -> bool:
        alone = test.operand if isinstance(test, ast.UnaryOp) else test
        if isinstance(alone, ast.Name) and alone.id.isupper():
            return True  # a constant as a condition, such as HAS_CABLE_TYPES
        return any(self._names_release(node) for node in ast.walk(test))

    def _names_release(self, node: ast.AST) -> bool:
        """Return whether a node reads a version, inspects an object, or is a known variable."""
        name = getattr(node, "id", getattr(node, "attr", ""))
        return (
            name in self.names
            or name in INSPECTING_FUNCTIONS
            or name == "_meta"
            or "version" in name.lower()
        )


def _import_results(tree: ast.Module) -> Iterator[str]:
    """Yield the variables that record whether an import succeeded."""
    for node in tree.body:
        if isinstance(node, ast.Try):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Assign):
                    yield from _targets(inner)


def _targets(node: ast.Assign) -> Iterator[str]:
    yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _error_names(handler: ast.ExceptHandler) -> Iterator[str]:
    for node in ast.walk(handler.type) if handler.type else ():
        yield getattr(node, "attr", getattr(node, "id", ""))
