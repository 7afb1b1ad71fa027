"""Describe violated preconditions."""

from __future__ import annotations

from ..facts.preconditions import Precondition, PreconditionKind, PreconditionResult
from .text import plural

SUBJECT_KINDS = (
    PreconditionKind.NOT_NULL,
    PreconditionKind.MAX_LENGTH,
    PreconditionKind.NUMERIC_RANGE,
    PreconditionKind.FOREIGN_KEY,
)
"""Kinds that the subject names, because one column can violate several."""


def describe_violation(result: PreconditionResult) -> str:
    """Return a sentence without a period about the rows that violate a precondition."""
    precondition, count = result.precondition, result.affected_rows
    table, bound = precondition.table, precondition.bound
    if precondition.kind == PreconditionKind.EXTENSION:
        return (
            f"The database does not have the extension {precondition.name}, and the role cannot "
            "create it"
        )
    if _concerns_new_field(precondition):
        values = {
            PreconditionKind.UNIQUE: "one value for all of them",
            PreconditionKind.NOT_NULL: "no value for them",
            PreconditionKind.FOREIGN_KEY: (
                f"a default that refers to no row of {bound.rpartition('.')[0]}"
            ),
        }
        field = f"the new field '{precondition.name}'"
        return f"The table {table} has rows, and {field} has {values[precondition.kind]}"
    columns = ", ".join(precondition.columns)
    rows = f"{plural(count, 'row')} of {table}"
    have = f"{rows} {'has' if count == 1 else 'have'}"
    too_long = f"{have} more than {bound} characters in {columns}"
    occur, violate = ("occurs", "violates") if count == 1 else ("occur", "violate")
    referenced_table = bound.rpartition(".")[0]
    return {
        PreconditionKind.UNIQUE: (
            f"In {table}, {plural(count, 'value')} of {columns} {occur} more than once"
        ),
        PreconditionKind.NOT_NULL: f"{have} no value in {columns}",
        PreconditionKind.MAX_LENGTH: too_long,
        PreconditionKind.INDEX_SIZE: (
            f"{have} a value in {columns} of more than {bound} bytes, which no index can hold"
        ),
        PreconditionKind.TRUNCATES: too_long,
        PreconditionKind.NUMERIC_RANGE: (
            f"{have} a number in {columns} that is too large for its new type"
        ),
        PreconditionKind.FOREIGN_KEY: (
            f"{have} a value in {columns} that refers to no row of {referenced_table}"
        ),
        PreconditionKind.CHECK: f"{rows} {violate} the condition {bound}",
    }[precondition.kind]


def describe_violation_fix(precondition: Precondition) -> str:
    """Return what to do so that no row violates a precondition."""
    if precondition.kind == PreconditionKind.EXTENSION:
        return (
            "If the server does not have the extension, install it. Then create it as a superuser."
        )
    if not _concerns_new_field(precondition):
        return "Change or remove the affected rows."
    remove = f"remove all rows of {precondition.table}, or use a release with another migration."
    if precondition.kind == PreconditionKind.FOREIGN_KEY:
        return f"Create the row that the default refers to. Or {remove}"
    return f"Save the rows elsewhere, and {remove}"


def _concerns_new_field(precondition: Precondition) -> bool:
    """Return whether the migration adds the field, so that no row has a value to change."""
    return not precondition.columns and precondition.kind != PreconditionKind.CHECK


def format_operation(precondition: Precondition) -> str:
    """Return the operation that requires a precondition, with its migration."""
    return f"{precondition.migration} ({precondition.operation})"


def format_subject(precondition: Precondition) -> str:
    """Return a subject that no other precondition of the same rows has."""
    parts = (precondition.table, "+".join(precondition.columns), precondition.name)
    subject = ".".join(part for part in parts if part)
    is_named = precondition.kind in SUBJECT_KINDS
    return f"{subject} ({precondition.kind.value})" if is_named else subject


def format_progress(number: int, planned: int) -> str:
    """Return how many migrations are committed before one fails."""
    return f"{number} of {plural(planned, 'migration')} {'is' if number == 1 else 'are'} committed"


def list_sample_rows(result: PreconditionResult) -> tuple[str, ...]:
    """Return some of the rows that violate a precondition."""
    return tuple(f"{result.precondition.table} {key}" for key in result.sample)
