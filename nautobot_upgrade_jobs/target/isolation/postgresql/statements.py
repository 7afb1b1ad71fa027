"""Recognize SQL statements that begin or end a transaction."""

from __future__ import annotations

import re

from ..words import read_leading_words

SEPARATOR = re.compile(rb"[\s;]+|--[^\r\n]*")
"""What PostgreSQL ignores before and between words, except comments that can be nested."""
COMMENT_MARK = re.compile(rb"/\*|\*/")
BEGINS = frozenset({"BEGIN", "START"})
COMMITS = frozenset({"COMMIT", "END"})
ROLLBACKS = frozenset({"ROLLBACK", "ABORT"})
NOISE = frozenset({"WORK", "TRANSACTION"})
"""Words that can follow COMMIT and ROLLBACK without a meaning."""
ISOLATION_LEVEL = re.compile(rb"\b(REPEATABLE\s+READ|SERIALIZABLE)\b", re.IGNORECASE)


def classify(sql: bytes) -> str:
    """Return ``begin``, ``commit``, ``rollback``, ``refused``, or an empty text for the rest.

    A rollback to a savepoint ends no transaction. A prepared transaction would outlive its session.
    """
    first, second, third = (*read_leading_words(sql, skip_separators), "", "", "")[:3]
    ends = {*BEGINS, *COMMITS, *ROLLBACKS}
    if first in ends and b";" in sql.strip(b"; \t\r\n"):
        return "refused"
    following = third if second in NOISE else second
    if first in BEGINS:
        return "begin"
    if first in COMMITS and following != "PREPARED":
        return "commit"
    if first in ROLLBACKS and following not in ("TO", "PREPARED"):
        return "rollback"
    return "refused" if (first, second) == ("PREPARE", "TRANSACTION") else ""


def isolation_level(sql: bytes) -> bytes:
    """Return the isolation level that a BEGIN names. Empty for the default."""
    found = ISOLATION_LEVEL.search(sql)
    return found.group(1) if found else b""


def skip_separators(sql: bytes, position: int) -> int:
    """Return the position after white space and comments."""
    while True:
        if separator := SEPARATOR.match(sql, position):
            position = separator.end()
        elif sql.startswith(b"/*", position):
            position = _end_of_comment(sql, position)
        else:
            return position


def _end_of_comment(sql: bytes, position: int) -> int:
    """Return the position after a comment, which can contain comments."""
    depth = 0
    for mark in COMMENT_MARK.finditer(sql, position):
        depth += 1 if mark.group() == b"/*" else -1
        if depth == 0:
            return mark.end()
    return len(sql)
