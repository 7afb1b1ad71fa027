"""Decide what the relay does with a statement of MySQL."""

from __future__ import annotations

import re
from enum import Enum

from ..words import read_leading_words

SEPARATOR = re.compile(rb"[\s(]+|/\*(?![!+]).*?\*/|#[^\n]*|--[\x00-\x20][^\n]*", re.DOTALL)
"""What MySQL ignores before and between words, and the parentheses of a query."""
EXECUTABLE_COMMENT = re.compile(rb"/\*M?!")
READS = frozenset({"DESC", "DESCRIBE", "EXPLAIN", "SELECT", "SHOW", "TABLE", "VALUES", "WITH"})
FILE_WRITES = re.compile(rb"\b(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)
"""A transaction that is read-only does not prevent them."""
REFUSED_SETTINGS = re.compile(
    rb"[^\x00-\x7f]|\b(?:GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD|RESOURCE|ROLE|AUTOCOMMIT|WRITE"
    rb"|transaction_read_only|tx_read_only|information_schema_stats_expiry)\b",
    re.IGNORECASE,
)
"""What outlives the session, what gives it other privileges, what ends a transaction, and what lets
the server store statistics. MySQL finds a name also if it is written with accents."""
AUTOCOMMIT = re.compile(
    rb"SET\s+(?:SESSION\s+|@@session\.|@@)?autocommit\s*=\s*(0|1|ON|OFF)", re.IGNORECASE
)
MAX_AUTOCOMMIT_BYTES = 100
MAX_SEPARATORS = 1000


GRANT = re.compile(r"GRANT (.+?) ON \*\.\* TO ")
HARMLESS_PRIVILEGES = frozenset({"PROCESS", "SELECT", "SHOW DATABASES", "SHOW VIEW", "USAGE"})
"""Of a whole server. Others let functions change the server in spite of the transaction."""


class Statement(Enum):
    """How the relay answers a statement."""

    BEGIN = "begin"
    END = "end"
    AUTOCOMMIT_ON = "autocommit on"
    AUTOCOMMIT_OFF = "autocommit off"
    READ = "read"
    """It may run in a transaction that is read-only."""
    REFUSED = "refused"


def classify(sql: bytes) -> Statement:
    """Return how the relay answers a statement.

    Only a known reading statement is allowed. A statement that the server would run in spite of the
    transaction, such as KILL or CALL, is refused.

    Args:
        sql: The statement, in any encoding in which ASCII characters are single bytes.
    """
    if EXECUTABLE_COMMENT.search(sql) or FILE_WRITES.search(sql):
        return Statement.REFUSED
    plain = sql.strip(b"; \t\r\n")
    if len(plain) <= MAX_AUTOCOMMIT_BYTES and (found := AUTOCOMMIT.fullmatch(plain)):
        is_on = found.group(1).upper() in (b"1", b"ON")
        return Statement.AUTOCOMMIT_ON if is_on else Statement.AUTOCOMMIT_OFF
    first, second, third = (*read_leading_words(sql, _skip_separators), "", "", "")[:3]
    return _classify_words(first, third if second == "WORK" else second, sql)


def _classify_words(first: str, second: str, sql: bytes) -> Statement:
    has_more = b";" in sql.strip(b"; \t\r\n")
    if (first, second) in (("BEGIN", ""), ("START", "TRANSACTION")):
        return Statement.REFUSED if has_more else Statement.BEGIN
    if first in ("COMMIT", "ROLLBACK") and second != "TO":
        return Statement.REFUSED if has_more else Statement.END
    if first == "SET":
        is_allowed = not REFUSED_SETTINGS.search(sql)
    else:
        is_allowed = first in {*READS, "SAVEPOINT", "RELEASE", "ROLLBACK"}
    return Statement.READ if is_allowed else Statement.REFUSED


def _skip_separators(sql: bytes, position: int) -> int:
    """Return the position after white space, comments and parentheses."""
    for _ in range(MAX_SEPARATORS):
        separator = SEPARATOR.match(sql, position)
        if separator is None:
            break
        position = separator.end()
    return position


def is_administrative(grant: str) -> bool:
    """Return whether a line of SHOW GRANTS gives privileges to change the server."""
    found = GRANT.match(grant)
    return found is not None and not {*found.group(1).split(", ")} <= HARMLESS_PRIVILEGES
