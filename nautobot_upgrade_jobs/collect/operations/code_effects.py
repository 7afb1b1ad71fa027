"""Read from source text what the code of a migration writes, and with what it stops.

The text shows which fields the code assigns, but not for which rows. So a field that is not written
is a fact, and a field that is written is a possibility.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...facts.preconditions import PreconditionKind

INSERTED = "\0"
"""Stands for an expression in a formatted string."""
SQL_UPDATE = re.compile(
    r"\bUPDATE\b[^;]*?\bSET\b(?P<assignments>.*?)(?:\bFROM\b|\bWHERE\b|;|$)",
    re.IGNORECASE | re.DOTALL,
)
SQL_ASSIGNMENT = re.compile(r"[\"`]?(\w+)[\"`]?\s*=")
SQL_INSERT = re.compile(r"\bINSERT\s+INTO\b", re.IGNORECASE)
SQL_DELETE = re.compile(r"\b(DELETE\s+FROM|TRUNCATE)\b", re.IGNORECASE)
SQL_SELECT = re.compile(r"\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
SQL_UNKNOWN = re.compile(
    r"\b(ALTER\s+TABLE|CALL\s+\w|DO\s+\$|EXECUTE\s|MERGE\s+INTO|REPLACE\s+INTO|COPY\s+\w|LOAD\s+DATA)",
    re.IGNORECASE,
)
"""Statements whose columns are not read."""
SQL_FUNCTION = re.compile(r"\b(\w+)\s*\(")
READING_FUNCTIONS = frozenset(
    """
    and array_agg as avg by cast coalesce concat count currval distinct exists extract filter from
    in is json_agg jsonb_agg length lower max min nextval not now nullif on or over replace round
    row_number select setval string_agg substring sum then trim union upper values when where with
    """.split()  # noqa: SIM905 - the formatter writes a list with one word per line
)
"""Functions that change no row, and words that may precede a parenthesis."""
ADDING_METHODS = ("create", "get_or_create", "update_or_create", "bulk_create", "acreate")
DELETING_METHODS = ("delete", "_raw_delete", "adelete")
RELATION_METHODS = ("add", "set", "remove", "clear")
"""Methods of a many-to-many field; sets and dictionaries have methods of the same names."""
SAVING_METHODS = ("save", "asave", "save_base")


@dataclass
class CodeEffects:
    """What code may write, by its source text."""

    fields: set[str] = field(default_factory=set)
    """Names of the fields or columns that the code assigns."""
    writes_unknown_fields: bool = False
    """Whether the code also writes fields that its text does not name."""
    adds_rows: bool = False
    deletes_rows: bool = False
    changes_relations: bool = False
    """Whether the code may change a many-to-many relation."""
    saves: bool = False
    raises: list[str] = field(default_factory=list)
    """The exceptions that its own statements raise, each with the conditions around it."""

    @property
    def changes_rows(self) -> bool:
        """Whether the code may change or delete existing rows."""
        return self.saves or self.deletes_rows or self.writes_unknown_fields

    @property
    def writes(self) -> bool:
        """Whether the code may write anything."""
        return self.changes_rows or self.adds_rows or self.changes_relations

    def add(self, other: CodeEffects) -> None:
        """Add the effects of more code."""
        self.fields |= other.fields
        self.raises += other.raises
        self.writes_unknown_fields |= other.writes_unknown_fields
        self.adds_rows |= other.adds_rows
        self.deletes_rows |= other.deletes_rows
        self.changes_relations |= other.changes_relations
        self.saves |= other.saves

    def may_fix(
        self, kind: PreconditionKind, names: Iterable[str], *, with_deletions: bool = True
    ) -> bool:
        """Return whether the code may change rows so that they satisfy a precondition.

        Args:
            kind: What the precondition requires.
            names: The names of its fields and columns.
            with_deletions: Whether to count the removal of rows.
        """
        if self.writes_unknown_fields or (with_deletions and self.deletes_rows):
            return True
        if kind is PreconditionKind.FOREIGN_KEY and self.adds_rows:
            return True
        return not self.fields.isdisjoint(names)


def read_sql(text: str) -> CodeEffects:
    """Return the effects of SQL statements; text that is not SQL has none."""
    effects = CodeEffects(
        adds_rows=bool(SQL_INSERT.search(text)),
        deletes_rows=bool(SQL_DELETE.search(text)),
        writes_unknown_fields=bool(SQL_UNKNOWN.search(text)),
    )
    if SQL_SELECT.match(text):  # A function that a query calls may write.
        names = {name.lower() for name in SQL_FUNCTION.findall(text)}
        effects.writes_unknown_fields |= not names <= READING_FUNCTIONS
    for update in SQL_UPDATE.finditer(text):
        assignments = update["assignments"]
        effects.saves = True
        effects.fields |= set(SQL_ASSIGNMENT.findall(assignments))
        effects.writes_unknown_fields |= INSERTED in assignments or "{" in assignments
    return effects


def read_function(source: str, *, with_raises: bool) -> CodeEffects:
    """Return the effects of a function itself, without those of the functions that it calls.

    Args:
        source: The source of the function.
        with_raises: Whether to list the exceptions that it raises.

    Raises:
        SyntaxError: If the text is not a whole statement.
    """
    tree, effects = ast.parse(source), CodeEffects()
    for node in ast.walk(tree):
        _read_node(node, effects)
    if with_raises:
        effects.raises += _list_raises(tree, ())
    return effects


def _read_node(node: ast.AST, effects: CodeEffects) -> None:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        effects.fields.add(node.attr)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        effects.add(read_sql(node.value))
    elif isinstance(node, ast.JoinedStr):
        parts = (
            str(part.value) if isinstance(part, ast.Constant) else INSERTED for part in node.values
        )
        effects.add(read_sql("".join(parts)))
    elif isinstance(node, ast.Call):
        _read_call(node, effects)


def _read_call(node: ast.Call, effects: CodeEffects) -> None:
    """Add the effects of a call, by the name of the function or method."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    keywords = {each.arg: each.value for each in node.keywords}
    if name == "setattr" and len(node.args) == 3:
        _add_names(node.args[1], effects)
    elif name == "update" and keywords:
        effects.saves = True
        effects.fields |= {each for each in keywords if each}
        effects.writes_unknown_fields |= None in keywords
    elif name == "bulk_update":
        effects.saves = True
        _add_names(keywords.get("fields") or next(iter(node.args[1:2]), None), effects)
    elif name == "call_command" or (name == "execute" and node.args and not _is_text(node.args[0])):
        effects.writes_unknown_fields = True
    if name == "update_or_create" and "defaults" in keywords:
        defaults = keywords["defaults"]
        keys = defaults.keys if isinstance(defaults, ast.Dict) else [None]
        for key in keys:
            _add_names(key, effects)
    effects.adds_rows |= name in ADDING_METHODS
    effects.deletes_rows |= name in DELETING_METHODS
    effects.changes_relations |= name in RELATION_METHODS
    effects.saves |= name in SAVING_METHODS


def _add_names(node: ast.AST | None, effects: CodeEffects) -> None:
    """Add the field names of a literal, or unknown fields if it is none."""
    parts = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
    for part in parts:
        if isinstance(part, ast.Constant):
            effects.fields.add(str(part.value))
        else:
            effects.writes_unknown_fields = True


def _is_text(node: ast.AST) -> bool:
    """Return whether an expression is a string whose parts the text shows."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "format" and _is_text(node.func.value)
    return isinstance(node, (ast.Constant, ast.JoinedStr))


def _list_raises(node: ast.AST, conditions: tuple[str, ...]) -> Iterator[str]:
    """Yield the exceptions of the raise and assert statements, each with its conditions."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        yield _describe_raise(ast.unparse(node.exc), conditions)
    elif isinstance(node, ast.Assert):
        yield _describe_raise("AssertionError", (*conditions, f"not ({ast.unparse(node.test)})"))
    elif isinstance(node, ast.If):
        test = ast.unparse(node.test)
        for child in node.body:
            yield from _list_raises(child, (*conditions, test))
        for child in node.orelse:
            yield from _list_raises(child, (*conditions, f"not ({test})"))
    else:
        for child in ast.iter_child_nodes(node):
            yield from _list_raises(child, conditions)


def _describe_raise(exception: str, conditions: tuple[str, ...]) -> str:
    return f"{exception} if {' and '.join(conditions)}" if conditions else exception
