"""Describe what a pending operation does to an object that uses Nautobot's tables."""

from __future__ import annotations

from ..facts.schema_dependents import (
    AffectedDependent,
    DependentEffect,
    DependentKind,
    SchemaDependent,
)

DROP_AND_CREATE = (
    "Save the definition of the {kind} with {dump}. Drop the {kind} in the maintenance window, "
    "before `migrate`. Create it again afterwards, adapted to the new tables."
)
CREATE_AGAIN = (
    "Save the definition of the {kind} with {dump}. If you still need the {kind}, create it again "
    "after the upgrade, adapted to the new tables."
)
READ_CODE = (
    "Read the code of the {kind}. If it can refuse a change, disable the {kind} before `migrate`, "
    "and enable it afterwards."
)
DUMP_COMMANDS = {
    "postgresql": "`pg_dump --schema-only`",
    "mysql": "`mysqldump --no-data --triggers`",
}
"""Commands that save all definitions of a database, by vendor."""


def is_outage_cause(affected: AffectedDependent) -> bool:
    """Return whether an object stops ``migrate``, or every write to its table afterwards."""
    is_trigger = affected.dependent.kind is DependentKind.TRIGGER
    is_broken_trigger = is_trigger and affected.effect is DependentEffect.BREAKS
    return affected.effect is DependentEffect.STOPS or is_broken_trigger


def describe_remediation(affected: AffectedDependent, vendor: str) -> str:
    """Return what to do about an object, on the server of a vendor."""
    if affected.effect is DependentEffect.RUNS:
        return READ_CODE.format(kind=affected.dependent.kind.value)
    text = DROP_AND_CREATE if is_outage_cause(affected) else CREATE_AGAIN
    return text.format(kind=affected.dependent.kind.value, dump=DUMP_COMMANDS[vendor])


def describe_dependent(dependent: SchemaDependent) -> str:
    """Return the kind and the name of an object."""
    return f"{dependent.kind.value} {dependent.name}"


def describe_use(dependent: SchemaDependent) -> str:
    """Return the table or column that an object uses, with its kind."""
    if dependent.column:
        return f"column {dependent.table}.{dependent.column}"
    return f"table {dependent.table}"


def describe_effect(affected: AffectedDependent, progress: str) -> str:
    """Return one sentence about what the operation does to the object.

    Args:
        affected: The operation and the object.
        progress: The number of migrations that are committed before the operation, as a clause.
    """
    name, use = describe_dependent(affected.dependent), describe_use(affected.dependent)
    migration = f"Migration {affected.migration} ({affected.operation})"
    if affected.effect is DependentEffect.STOPS:
        return f"{migration} will fail after {progress}, because the {name} uses the {use}."
    if affected.effect is DependentEffect.BREAKS:
        return f"{migration} removes or renames the {use}, and the {name} will fail afterwards."
    if affected.effect is DependentEffect.RUNS:
        return (
            f"{migration} changes rows of the {use}. The {name} then runs, and can stop `migrate` "
            f"after {progress}."
        )
    return f"{migration} will silently drop the {name}, which uses the {use}."


def drop_statement(dependent: SchemaDependent, vendor: str) -> str:
    """Return the statement that drops an object, for the database vendor."""
    kind, name = dependent.kind, dependent.name
    if kind is DependentKind.PUBLICATION:
        table, publication = _split_unquoted(name, " in publication ")
        return f"ALTER PUBLICATION {publication} DROP TABLE {table};"
    if kind in (DependentKind.GENERATED_COLUMN, DependentKind.ROW_COLUMN):
        table, column = _split_unquoted(name, ".")
        return f"ALTER TABLE {table} DROP COLUMN {column};"
    if kind is DependentKind.FOREIGN_KEY:
        constraint, table = _split_unquoted(name, " on ")
        keyword = "CONSTRAINT" if vendor == "postgresql" else "FOREIGN KEY"
        return f"ALTER TABLE {table} DROP {keyword} {constraint};"
    if kind is DependentKind.TRIGGER and vendor != "postgresql":
        name, _ = _split_unquoted(name, " on ")  # MySQL names a trigger without its table.
    keyword = "ROUTINE" if kind is DependentKind.FUNCTION else kind.value.upper()
    return f"DROP {keyword} {name};"


def _split_unquoted(name: str, separator: str) -> tuple[str, str]:
    """Split a name at the last separator outside of quotes."""
    quote, last = "", -1
    for at, character in enumerate(name):
        if not quote and name.startswith(separator, at):
            last = at
        if character in ('"', "`") and quote in ("", character):
            quote = "" if quote else character
    return name[:last], name[last + len(separator) :]
