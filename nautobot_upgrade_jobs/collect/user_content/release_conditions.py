"""Find the code that may run on some releases only, because a condition depends on the release."""

from __future__ import annotations

import ast
from collections.abc import Iterator

APP_LISTS = frozenset({"INSTALLED_APPS", "PLUGINS"})
"""Settings whose members say whether the code of another App is there."""
INSPECTING_FUNCTIONS = frozenset({"hasattr", "getattr", "find_spec"})
VERSION_NAMES = frozenset({"version", "__version__", "version_info"})
NOT_ABOUT_RELEASES = frozenset({"DEBUG", "TYPE_CHECKING"})
QUERY_ERRORS = frozenset({"FieldError", "FieldDoesNotExist"})
"""Code that catches such an error expects that a release lacks the field."""
FALLBACK_ERRORS = QUERY_ERRORS | {"AttributeError", "ImportError", "ModuleNotFoundError"}
"""Code after such an error may be for another release."""
EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.NamedExpr)
LITERALS = (ast.Dict, ast.List, ast.Tuple)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def release_conditions(tree: ast.Module) -> dict[ast.AST, str]:
    """Return the nodes of a file that may run on some releases only, each with its condition."""
    finder = _Finder()
    finder.enter(tree)
    finder.learn_members(tree)
    return dict(finder.conditional_nodes(tree, ""))


class _Finder:
    """Finds conditional nodes. It knows which variables of the scopes depend on the release."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.choices: dict[ast.AST | str, str] = {}
        """Literals of which the release chooses an item, and functions that they name."""

    def enter(self, scope: ast.AST) -> None:
        """Learn the variables of a scope."""
        names = set(self.names)
        for node in _nodes_of_scope(scope):
            if self._assigns_release(node):
                names.update(_targets(node, ast.Name))
            elif isinstance(node, ast.Try) and any(
                isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in node.body
            ):
                for inner in ast.walk(node):
                    names.update(_targets(inner, ast.Name))
            self.names = frozenset(names)

    def learn_members(self, tree: ast.Module) -> None:
        """Learn the functions of a file that return, and the attributes that hold, a condition."""
        names = set(self.names)
        for node in ast.walk(tree):
            if self._assigns_release(node):
                names.update(_targets(node, ast.Attribute))
            elif isinstance(node, FUNCTIONS) and any(
                isinstance(inner, ast.Return)
                and inner.value
                and self._depends_on_release(inner.value)
                for inner in _nodes_of_scope(node)
            ):
                names.add(node.name)
        self.names = frozenset(names)
        for node in ast.walk(tree):
            if found := self._read_choice(node):
                self._learn_choice(tree, *found)

    def _read_choice(self, node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
        """Return the collection of which the release chooses an item, and the key."""
        if isinstance(node, ast.Subscript):
            choice = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            choice = node.func.value, node.args[0]
            if node.func.attr != "get":
                return None
        else:
            return None
        return choice if self._depends_on_release(choice[1]) else None

    def _learn_choice(self, tree: ast.Module, collection: ast.expr, key: ast.expr) -> None:
        """Learn the items of a collection, and of the variables of its name."""
        name, condition = _own_name(collection), ast.unparse(key)
        assigned = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ASSIGNMENTS) and name and name in _targets(node, ast.expr)
        ]
        for literal in filter(lambda one: isinstance(one, LITERALS), [collection, *assigned]):
            items = literal.values if isinstance(literal, ast.Dict) else literal.elts
            for item in items:
                self.choices[item] = condition
                if own_name := _own_name(item):
                    self.choices[own_name] = condition

    def _assigns_release(self, node: ast.AST) -> bool:
        value = node.value if isinstance(node, ASSIGNMENTS) else None
        return value is not None and self._depends_on_release(value)

    def conditional_nodes(self, node: ast.AST, condition: str) -> Iterator[tuple[ast.AST, str]]:
        """Yield the conditional nodes at and below a node.

        Args:
            node: The node.
            condition: The condition under which the node runs. Empty if it always does.
        """
        outer = self.names
        if isinstance(node, SCOPES):
            self.enter(node)
        if condition:
            yield node, condition
        condition = condition or self.choices.get(node, "")
        for name, value in ast.iter_fields(node):
            inner = condition or self._condition_of_part(node, name)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    yield from self.conditional_nodes(item, inner)
                    inner = inner or self._condition_after(item, node)
        self.names = outer

    def _condition_of_part(self, node: ast.AST, part: str) -> str:
        if isinstance(node, (ast.If, ast.IfExp, ast.While)) and part in ("body", "orelse"):
            return self._text(node.test)
        if isinstance(node, ast.Match) and part == "cases":
            return f"match {self._text(node.subject)}" if self._text(node.subject) else ""
        if isinstance(node, COMPREHENSIONS) and part in ("elt", "key", "value"):
            tests = (test for generator in node.generators for test in generator.ifs)
            return next(filter(None, map(self._text, tests)), "")
        if isinstance(node, (ast.With, ast.AsyncWith)) and part == "body":
            return next(filter(None, map(_suppressed, node.items)), "")
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and part == "body":
            decorators = (self._text(decorator) for decorator in node.decorator_list)
            return self.choices.get(node.name) or next(filter(None, decorators), "")
        if isinstance(node, ast.Try) and part in ("body", "orelse"):
            return _caught(node, QUERY_ERRORS)
        return _caught(node, FALLBACK_ERRORS) if isinstance(node, ast.Try) else ""

    def _condition_after(self, node: ast.AST, parent: ast.AST) -> str:
        """Return the condition under which the items after an item of a list run."""
        if isinstance(node, ast.If) and any(
            block and isinstance(block[-1], EXITS) for block in (node.body, node.orelse)
        ):
            return self._text(node.test)
        if isinstance(node, ast.Try) and any(
            isinstance(handler.body[-1], EXITS) for handler in node.handlers
        ):
            return _caught(node, QUERY_ERRORS)
        if isinstance(parent, ast.BoolOp) and isinstance(node, ast.expr):
            return self._text(node)
        return ""

    def _text(self, test: ast.expr) -> str:
        return ast.unparse(test) if self._depends_on_release(test) else ""

    def _depends_on_release(self, test: ast.expr) -> bool:
        return _has_constant_as_condition(test) or any(map(self._names_release, ast.walk(test)))

    def _names_release(self, node: ast.AST) -> bool:
        """Return whether a node reads a version, inspects code, or is a known variable."""
        if isinstance(node, ast.Call) and _own_name(node.func) in INSPECTING_FUNCTIONS:
            return any(_is_code(argument) for argument in node.args[:1])
        if isinstance(node, ast.Attribute) and node.attr == "_meta":
            return _is_code(node.value)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            return _own_name(node.comparators[0]) in APP_LISTS
        name = _own_name(node)
        return name in self.names or name == "is_installed" or _is_version(name)


def _nodes_of_scope(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in their order, without those of the functions in it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, SCOPES):
            yield from _nodes_of_scope(node)


def _has_constant_as_condition(test: ast.expr) -> bool:
    """Return whether a constant such as HAS_CABLE_TYPES is a condition, alone or with others."""
    if isinstance(test, ast.BoolOp):
        return any(map(_has_constant_as_condition, test.values))
    if isinstance(test, ast.UnaryOp):
        return _has_constant_as_condition(test.operand)
    if isinstance(test, ast.Attribute) and _own_name(test.value) == "settings":
        return False  # It depends on the configuration.
    name = _own_name(test)
    return name.isupper() and name not in NOT_ABOUT_RELEASES


def _is_version(name: str) -> bool:
    """Return whether a name is about the version of Nautobot, not of a device or its software."""
    lower = name.lower()
    return (
        lower in VERSION_NAMES
        or (name.isupper() and "VERSION" in name)
        or ("version" in lower and "nautobot" in lower)
    )


def _is_code(node: ast.expr) -> bool:
    """Return whether a node is a class, a module of models or the settings, not an object."""
    name = _own_name(node)
    return name[:1].isupper() or name in ("models", "settings")


def _own_name(node: ast.AST) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))


def _targets(node: ast.AST, kind: type[ast.expr]) -> Iterator[str]:
    """Yield the names of the variables, or of the attributes, that an assignment sets."""
    if not isinstance(node, ASSIGNMENTS):
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from (_own_name(one) for one in ast.walk(target) if isinstance(one, kind))


def _suppressed(item: ast.withitem) -> str:
    """Describe which errors of a query ``suppress`` ignores. Empty if none."""
    call = item.context_expr
    if not isinstance(call, ast.Call) or _own_name(call.func) != "suppress":
        return ""
    errors = sorted(QUERY_ERRORS.intersection(map(_own_name, call.args)))
    return f"suppress({', '.join(errors)})" if errors else ""


def _caught(node: ast.Try, errors: frozenset[str]) -> str:
    """Describe which of these errors a statement catches. Empty if none."""
    names = (
        _own_name(one)
        for handler in node.handlers
        if handler.type
        for one in ast.walk(handler.type)
    )
    caught = sorted(errors.intersection(names))
    return f"try … except {', '.join(caught)}" if caught else ""
