"""The operations of a migration that reach the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation


def database_operations(operation: Operation) -> Iterator[Operation]:
    """Yield the operation, or those that it runs on the database. They can be nested."""
    if isinstance(operation, SeparateDatabaseAndState):
        for inner in operation.database_operations:
            yield from database_operations(inner)
    else:
        yield operation
