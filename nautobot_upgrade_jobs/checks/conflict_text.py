"""Describe a pending operation that the schema refuses, and the statements that make room."""

from __future__ import annotations

from ..facts.schema_conflicts import ConflictKind, ObjectKind, SchemaConflict, SchemaObject

CONFLICT_REMEDIATIONS = {
    ConflictKind.EXISTS: "Find out who created the object and what uses it. If an earlier upgrade "
    "was interrupted, restore the backup from before it. Otherwise take a backup and rename the "
    "object.",
    ConflictKind.MISSING: "Find out who removed the object. If an earlier upgrade was interrupted, "
    "restore the backup from before it. Otherwise take a backup and create the object again, as "
    "schema.drift describes.",
}
OLD_SUFFIX = "_before_upgrade"
MAX_NAME_LENGTH = {"postgresql": 63, "mysql": 64}
"""Characters of a name."""


def describe_conflict(conflict: SchemaConflict) -> str:
    """Return a clause about the object that exists or is missing."""
    if conflict.kind is ConflictKind.MISSING:
        return f"the {_describe_object(conflict.object)} does not exist"
    used_by = conflict.used_by or conflict.object
    if used_by == conflict.object:
        return f"the {_describe_object(conflict.object)} already exists"
    name = conflict.object.name or conflict.object.table
    return f"the {_describe_object(used_by)} already has the name {name}"


def _describe_object(described: SchemaObject) -> str:
    kind = described.kind.value
    return (
        f"{kind} {described.name} of {described.table}"
        if described.name
        else f"{kind} {described.table}"
    )


def rename_statements(conflict: SchemaConflict, vendor: str) -> tuple[str, ...]:
    """Return the statements that rename the object whose name a pending operation needs.

    Args:
        conflict: The conflict.
        vendor: ``postgresql`` or ``mysql``.

    Returns:
        None if an object is missing, or if the server cannot rename it.
    """
    if conflict.kind is ConflictKind.MISSING:
        return ()
    used_by = conflict.used_by or conflict.object
    name = used_by.name or used_by.table
    new = f"{name[: MAX_NAME_LENGTH[vendor] - len(OLD_SUFFIX)]}{OLD_SUFFIX}"
    table, old, new = (_quote(text, vendor) for text in (used_by.table, name, new))
    on_table = f"ALTER TABLE {table} RENAME"
    if vendor == "mysql":
        statement = {
            ObjectKind.TABLE: f"{on_table} TO {new};",
            ObjectKind.COLUMN: f"{on_table} COLUMN {old} TO {new};",
            ObjectKind.INDEX: f"{on_table} INDEX {old} TO {new};",
            ObjectKind.VIEW: f"RENAME TABLE {old} TO {new};",
        }.get(used_by.kind)
        return (statement,) if statement else ()
    return (
        {
            ObjectKind.TABLE: f"{on_table} TO {new};",
            ObjectKind.COLUMN: f"{on_table} COLUMN {old} TO {new};",
            ObjectKind.INDEX: f"ALTER INDEX {old} RENAME TO {new};",
            ObjectKind.CONSTRAINT: f"{on_table} CONSTRAINT {old} TO {new};",
            ObjectKind.VIEW: f"ALTER VIEW {old} RENAME TO {new};",
            ObjectKind.SEQUENCE: f"ALTER SEQUENCE {old} RENAME TO {new};",
        }[used_by.kind],
    )


def _quote(name: str, vendor: str) -> str:
    mark = "`" if vendor == "mysql" else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"
