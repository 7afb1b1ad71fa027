"""What rows do not comply with, in words."""

from __future__ import annotations

from ..facts.preconditions import PreconditionResult
from .text import plural


def describe_violation(one: PreconditionResult) -> str:
    """Say what is wrong with the rows."""
    columns = ", ".join(one.precondition.columns)
    rows = plural(one.affected_rows, "row")
    table, limit = one.precondition.table, one.precondition.bound
    if not one.precondition.columns and one.precondition.kind != "check":
        value = {"unique": "has one value for all of them", "not null": "has no value for them"}
        return (
            f"{table} has rows, and what is new, {one.precondition.name},"
            f" {value[one.precondition.kind]}"
        )
    return {
        "unique": (
            f"In {table}, {plural(one.affected_rows, 'value')} of {columns} "
            f"{'is' if one.affected_rows == 1 else 'are'} there more than once"
        ),
        "not null": f"{rows} of {table} without {columns}",
        "length": f"{rows} of {table} with more than {limit} characters in {columns}",
        "cut": f"{rows} of {table} with more than {limit} characters in {columns}",
        "range": f"{rows} of {table} with a number in {columns} that is too large for its new type",
        "reference": (
            f"{rows} of {table} whose {columns} leads to no row of {limit.rpartition('.')[0]}"
        ),
        "check": f"{rows} of {table} against the condition {limit}",
    }[one.precondition.kind]
