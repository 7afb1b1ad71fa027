"""Describe a pending operation that the schema refuses."""

from __future__ import annotations

from ..facts.schema_conflicts import ConflictKind, SchemaConflict, SchemaObject

CONFLICT_REMEDIATIONS = {
    ConflictKind.EXISTS: "Find out who created the object and what uses it. If an earlier upgrade "
    "was interrupted, restore the backup from before it. Otherwise take a backup and rename the "
    "object.",
    ConflictKind.MISSING: "Find out why the object is missing. If an earlier upgrade was "
    "interrupted, restore the backup from before it. Otherwise take a backup and create the "
    "object again, as the finding schema.drift describes.",
}


def describe_conflict(conflict: SchemaConflict) -> str:
    """Return a clause about the object that exists or is missing."""
    if conflict.used_by is None:
        return f"the {_describe_object(conflict.object)} does not exist"
    if conflict.used_by == conflict.object:
        return f"the {_describe_object(conflict.object)} already exists"
    name = conflict.object.name or conflict.object.table
    return f"the {_describe_object(conflict.used_by)} already has the name {name}"


def _describe_object(described: SchemaObject) -> str:
    kind = described.kind.value
    return (
        f"{kind} {described.name} of {described.table}"
        if described.name
        else f"{kind} {described.table}"
    )
