"""Recognize a database's refusal to write, by its error code."""

from __future__ import annotations

from collections.abc import Iterator

POSTGRESQL_STATE = "25006"
"""``read_only_sql_transaction``."""
MYSQL_NUMBER = 1792
"""``ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION``."""


def is_read_only_error(error: BaseException | None) -> bool:
    """Return whether an error, or an error that caused it, is a refused write."""
    return any(map(_has_read_only_code, _causes(error)))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, each once. A chain of exceptions can contain a loop."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _has_read_only_code(error: BaseException) -> bool:
    # psycopg names the code `sqlstate`, psycopg2 names it `pgcode`.
    states = {getattr(error, "sqlstate", None), getattr(error, "pgcode", None)}
    return POSTGRESQL_STATE in states or error.args[:1] == (MYSQL_NUMBER,)
