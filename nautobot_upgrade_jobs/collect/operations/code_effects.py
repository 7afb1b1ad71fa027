"""Determine from its source what the code of a migration writes, and which exceptions it raises.

The source shows which fields the code assigns, but not for which rows. So a field that is not
written is a fact, and a field that is written is a possibility. Code that is not understood counts
as writing any field.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from ..support.orm_names import MANAGERS
from .code_raises import list_raises
from .code_requirements import list_requirements
from .effects import CodeEffects
from .sql_effects import is_sql, read_statements

INSERTED = "\0"
"""Stands for an expression in a formatted string."""
QUERYSET_METHODS = frozenset({"all", "exclude", "filter", "order_by", "using"})
CREATING_METHODS = frozenset({"create", "get_or_create", "update_or_create", "bulk_create"})
CREATING_FUNCTIONS = frozenset({"get_for_model", "get_for_models"})
"""Methods of content types, which create the row of a model that has none."""
DELETING_METHODS = frozenset({"delete", "_raw_delete"})
RELATION_METHODS = frozenset({"add", "set", "remove", "clear"})
"""Methods of a many-to-many field. Sets and dictionaries have methods of the same names."""
SAVING_METHODS = frozenset({"save", "save_base", "validated_save"})
UPDATING_METHODS = frozenset({"update", "bulk_update"})
EXECUTING_METHODS = frozenset({"execute", "executemany", "executescript", "callproc", "raw"})
SCHEMA_METHODS = frozenset(
    {"alter_db_table", "alter_field", "create_model", "delete_model", "remove_field"}
)
"""Methods of a schema editor that change rows, or tables with their rows."""
UNREADABLE_CALLS = frozenset(
    {"call_command", "import_module", "import_string", "__import__", "eval", "exec"}
    | {"UpdateQuery", "InsertQuery", "DeleteQuery"}
    | {"methodcaller", "create_contenttypes", "create_permissions", "emit_post_migrate_signal"}
)
"""Calls whose effect the text does not show."""
WRITING_METHODS = (
    CREATING_METHODS | DELETING_METHODS | SAVING_METHODS | UPDATING_METHODS | EXECUTING_METHODS
)


def read_sql(text: str) -> CodeEffects:
    """Return the effects of SQL statements."""
    return read_statements(text.replace(INSERTED, "{}"))


def read_function(source: str, *, with_raises: bool) -> CodeEffects:
    """Return the effects of a function itself, without those of the functions that it calls.

    Args:
        source: The source of the function.
        with_raises: Whether to list the exceptions that it raises.

    Raises:
        SyntaxError: If the text is not a whole statement.
    """
    tree, effects = ast.parse(source), CodeEffects()
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    models = dict(_model_variables(tree))
    for node in ast.walk(tree):
        _read_node(node, effects, models, is_called=id(node) in called)
    if with_raises:
        effects.raises += list_raises(tree)
        effects.requirements += list_requirements(tree)
    return effects


def _model_variables(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the variables that a function sets once, to a model that it gets by name."""
    assigned = [
        (target.id, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    names = Counter(name for name, _ in assigned)
    for name, value in assigned:
        if names[name] == 1 and (model := _model_of(value, {})):
            yield name, model


def _model_of(node: ast.AST, models: Mapping[str, str]) -> str:
    """Return the model whose rows an expression selects, in lower case. Empty if unknown.

    The expression is a model, or a chain of methods of its manager and its querysets.
    """
    while True:
        if isinstance(node, ast.Name):
            return models.get(node.id, "")
        if not isinstance(node, ast.Call):
            if not isinstance(node, ast.Attribute) or node.attr not in MANAGERS:
                return ""
            node = node.value
        elif getattr(node.func, "attr", "") == "get_model":
            last = node.args[-1] if node.args else None
            is_text = isinstance(last, ast.Constant) and isinstance(last.value, str)
            return str(last.value).rpartition(".")[2].lower() if is_text else ""
        elif isinstance(node.func, ast.Attribute) and node.func.attr in QUERYSET_METHODS:
            node = node.func.value
        else:
            return ""


def _read_node(
    node: ast.AST, effects: CodeEffects, models: Mapping[str, str], *, is_called: bool
) -> None:
    if isinstance(node, ast.Attribute):
        if isinstance(node.ctx, ast.Store):
            effects.fields.add(node.attr)
        elif not is_called and _method_name(node.attr) in WRITING_METHODS:
            effects.writes_unknown_fields = True  # The method is called under another name.
    elif isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp)):
        _read_text(node, effects)
    elif isinstance(node, ast.Call):
        _read_call(node, effects, models)
    elif _is_dict_assignment(node):
        effects.writes_unknown_fields = True


def _is_dict_assignment(node: ast.AST) -> bool:
    """Return whether code assigns to ``__dict__`` of an object."""
    is_item = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
    return is_item and getattr(node.value, "attr", "") == "__dict__"


def _read_text(node: ast.expr, effects: CodeEffects) -> None:
    """Add the effects of a string that is an SQL statement."""
    text = _text_of(node)
    if text is not None and is_sql(text):
        effects.add(read_sql(text))


def _text_of(node: ast.expr) -> str | None:
    """Return a string with a mark for each inserted expression. None if it is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = (_text_of(part) for part in node.values)
        return "".join(INSERTED if part is None else part for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text_of(node.left), _text_of(node.right)
        if left is None and right is None:
            return None
        return f"{INSERTED if left is None else left}{INSERTED if right is None else right}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        text = _text_of(node.left)
        return None if text is None else text.replace("%s", INSERTED)
    return None


def _method_name(name: str) -> str:
    """Return the name of the method without the prefix of its asynchronous variant."""
    plain = name.removeprefix("a")
    return plain if plain in WRITING_METHODS else name


def _read_call(node: ast.Call, effects: CodeEffects, models: Mapping[str, str]) -> None:
    """Add the effects of a call, by the name of the function or method."""
    name = _method_name(getattr(node.func, "attr", getattr(node.func, "id", "")))
    keywords = {each.arg: each.value for each in node.keywords}
    if name == "setattr" and len(node.args) == 3:
        _add_names(node.args[1], effects)
    elif name == "getattr" and len(node.args) > 1:
        attribute = node.args[1]
        is_known = isinstance(attribute, ast.Constant)
        is_writing = is_known and _method_name(str(attribute.value)) in WRITING_METHODS
        effects.writes_unknown_fields |= is_writing
    elif name in UPDATING_METHODS:
        _read_update(name, node, keywords, effects, models)
    elif name in EXECUTING_METHODS:
        statement = next(iter([*node.args, *keywords.values()]), None)
        is_text = isinstance(statement, ast.expr) and _is_whole_text(statement)
        effects.writes_unknown_fields |= name == "callproc" or not is_text
    effects.writes_unknown_fields |= name in UNREADABLE_CALLS or name in SCHEMA_METHODS
    changed = {"update_or_create": "defaults", "bulk_create": "update_fields"}.get(name)
    if changed and changed in keywords:  # Other methods write them into new rows only.
        _add_names(keywords[changed], effects)
        effects.saves = True
    if name == "update_or_create" and node.args:
        _add_names(node.args[0], effects)
        effects.saves = True
    effects.adds_rows |= name in CREATING_METHODS | CREATING_FUNCTIONS
    effects.deletes_rows |= name in DELETING_METHODS
    effects.changes_relations |= name in RELATION_METHODS
    effects.saves |= name in SAVING_METHODS


def _read_update(
    name: str,
    node: ast.Call,
    keywords: dict[str | None, ast.expr],
    effects: CodeEffects,
    models: Mapping[str, str],
) -> None:
    if name == "bulk_update":
        effects.saves = True
        _add_names(keywords.get("fields") or next(iter(node.args[1:2]), None), effects)
    elif keywords:
        effects.saves = True
        fields = {each for each in keywords if each}
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else node
        if model := _model_of(receiver, models):
            effects.bound_fields |= {(model, each) for each in fields}
        else:
            effects.fields |= fields
        effects.writes_unknown_fields |= None in keywords
    elif isinstance(node.func, ast.Attribute) and _is_attribute_of(node.func, "__dict__"):
        effects.writes_unknown_fields = True


def _is_attribute_of(node: ast.Attribute, name: str) -> bool:
    return isinstance(node.value, ast.Attribute) and node.value.attr == name


def _add_names(node: ast.AST | None, effects: CodeEffects) -> None:
    """Add the field names of a literal, or unknown fields if it is none."""
    if isinstance(node, ast.Dict):
        parts: list[ast.AST | None] = list(node.keys)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        parts = list(node.elts)
    else:
        parts = [node]
    for part in parts:
        if isinstance(part, ast.Constant):
            effects.fields.add(str(part.value))
        else:
            effects.writes_unknown_fields = True


def _is_whole_text(node: ast.expr) -> bool:
    """Return whether the text shows a statement. What is inserted into it is marked."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "format" and _is_whole_text(node.func.value)
    text = _text_of(node)
    return text is not None and is_sql(text)
