"""Determine the columns that SQL statements write.

A statement that is not understood counts as writing any column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .effects import CodeEffects

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
KEYWORDS = re.compile(
    r"\s*(?:\(\s*)?(ALTER|BEGIN|CALL|COMMENT|COMMIT|COPY|CREATE|DELETE|DO|DROP|EXEC|EXECUTE|GRANT"
    r"|INSERT|LOAD|LOCK|MERGE|REFRESH|RENAME|REPLACE|REVOKE|SELECT|SET|START|TRUNCATE|UPDATE"
    r"|VACUUM|VALUES|WITH)\b(?=.*[\s(;{])",
    re.IGNORECASE | re.DOTALL,
)
UPDATE = re.compile(
    r"\bUPDATE\b(?!\s*$)[^;]*?\bSET\b(?P<assignments>.*)$", re.IGNORECASE | re.DOTALL
)
ON_CONFLICT = re.compile(r"\bON\s+DUPLICATE\s+KEY\s+UPDATE\b(?P<assignments>.*)$", re.I | re.DOTALL)
END_OF_ASSIGNMENTS = re.compile(r"\b(FROM|WHERE|RETURNING|ORDER\s+BY|LIMIT)\b", re.IGNORECASE)
ASSIGNMENT = re.compile(r"(?:^|,)\s*(?:[\"`]?\w+[\"`]?\s*\.\s*)?[\"`]?(\w+)[\"`]?\s*=(?!=)")
INSERT = re.compile(r"\bINSERT\s+(IGNORE\s+)?INTO\b", re.IGNORECASE)
DELETE = re.compile(r"\b(DELETE\s+FROM|TRUNCATE)\b|^\s*DELETE\b", re.IGNORECASE)
UNREADABLE = re.compile(
    r"^\s*(ALTER\s+TABLE|CALL|COPY|DO|DROP\s+(TABLE|SCHEMA)|EXEC|EXECUTE|LOAD|MERGE|RENAME|REPLACE)\b",
    re.IGNORECASE,
)
"""Statements whose columns are not read."""
SCHEMA_STATEMENT = re.compile(
    r"^\s*(ALTER|CLUSTER|COMMENT|CREATE|DROP|FLUSH|GRANT|LOCK|OPTIMIZE|REASSIGN|REFRESH|REINDEX|RENAME"
    r"|REVOKE|SECURITY|VACUUM)\b",
    re.IGNORECASE,
)
QUERY = re.compile(r"[\s(]*(SELECT|WITH|VALUES)\b", re.IGNORECASE)
FUNCTION = re.compile(r"\b(\w+)[\"`]?\s*\(")
EXECUTED_COMMENT = re.compile(r"/\*!\d{0,6}")
"""The beginning of a comment whose text MySQL executes."""
READING_FUNCTIONS = frozenset(
    """
    and any array_agg as avg by cast char_length coalesce concat count currval date_part distinct
    exists extract filter from greatest if ifnull in is json_agg json_extract jsonb_agg
    jsonb_array_elements jsonb_build_object least length lower max min nextval not now nullif on or
    over regexp_replace replace round row_number select setval string_agg substring sum then trim
    union upper using values when where with
    """.split()  # noqa: SIM905 - the formatter writes a list with one word per line
)
"""Functions that change no row, and words that may precede a parenthesis."""


def is_sql(text: str) -> bool:
    """Return whether a text begins like a statement, after comments."""
    return bool(KEYWORDS.match(COMMENT.sub(" ", text)))


def read_statements(text: str) -> CodeEffects:
    """Return the effects of statements."""
    effects = CodeEffects()
    for statement in _split(COMMENT.sub(" ", EXECUTED_COMMENT.sub(" ", text))):
        effects.add(_read_statement(statement))
    return effects


def _split(text: str) -> Iterator[str]:
    """Yield the statements of a text. A semicolon inside quotes does not end one."""
    start, quote = 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character == ";":
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _read_statement(statement: str) -> CodeEffects:
    update = ON_CONFLICT.search(statement) or UPDATE.search(statement)
    if update and not re.search("[={]", update["assignments"]):
        update = None  # A sentence, not a statement.
    columns = _assigned_columns(update["assignments"]) if update else frozenset[str]()
    is_query = bool(QUERY.match(statement)) and not update
    functions = {name.lower() for name in FUNCTION.findall(statement)} if is_query else set()
    is_readable = columns is not None and not UNREADABLE.match(statement)
    return CodeEffects(
        fields=set(columns or ()),
        writes_unknown_fields=not (is_readable and functions <= READING_FUNCTIONS),
        adds_rows=bool(INSERT.search(statement)),
        deletes_rows=bool(DELETE.search(statement)),
        saves=update is not None,
        changes_schema=bool(SCHEMA_STATEMENT.match(statement)),
    )


def _assigned_columns(text: str) -> frozenset[str] | None:
    """Return the columns that assignments write. None if they are not understood."""
    plain = _without_parentheses(text)
    if plain is None or "{" in text:
        return None
    end = END_OF_ASSIGNMENTS.search(plain)
    assignments = plain[: end.start()] if end else plain
    columns = ASSIGNMENT.findall(assignments)
    expected = assignments.count("=")
    return frozenset(columns) if columns and len(columns) == expected else None


def _without_parentheses(text: str) -> str | None:
    """Return a text without its quoted values and its parentheses. None if they are unbalanced."""
    text = re.sub(r"'(?:[^']|'')*'", "0", text)
    depth, kept = 0, []
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                break  # The statement is inside parentheses itself, such as a WITH query.
        elif not depth:
            kept.append(character)
    return None if depth > 0 or "'" in text else "".join(kept)
