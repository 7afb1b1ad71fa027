"""Compare the SQL of a migration with the operations that it declares for it.

``RunSQL`` changes the schema by statements, and declares the same change as operations on the
models. Only what the statements name is considered.
"""

from __future__ import annotations

import re

from ...facts.preconditions import Precondition
from ...migration_graph.schema_simulation import ObjectChange
from .source_text import mentions

TOLERANT = re.compile(r"\bIF\s+(NOT\s+)?EXISTS\b|\bNOT\s+VALID\b", re.IGNORECASE)
"""A statement that accepts what exists, what is missing, or rows that violate a constraint."""


def makes_change(text: str | None, change: ObjectChange) -> bool:
    """Return whether statements make a declared change, and stop if the schema refuses it."""
    target = change.object
    name = change.new_name or target.name or target.table
    return bool(
        text and not TOLERANT.search(text) and mentions(text, target.table) and mentions(text, name)
    )


def requires_rows(text: str | None, precondition: Precondition) -> bool:
    """Return whether statements require what a declared operation requires of existing rows."""
    return bool(
        text
        and precondition.columns
        and not TOLERANT.search(text)
        and all(mentions(text, name) for name in (precondition.table, *precondition.columns))
    )
