"""What rows do not comply with, in words."""

from __future__ import annotations

from ..facts.demands import Answer
from .text import plural


def what(one: Answer) -> str:
    """Say what is wrong with the rows."""
    columns = ", ".join(one.demand.columns)
    rows = plural(one.rows, "row")
    table, limit = one.demand.table, one.demand.limit
    if not one.demand.columns and one.demand.kind != "check":
        value = {"unique": "has one value for all of them", "not null": "has no value for them"}
        return f"{table} has rows, and what is new, {one.demand.name}, {value[one.demand.kind]}"
    return {
        "unique": f"In {table}, {plural(one.rows, 'value')} of {columns} "
        f"{'is' if one.rows == 1 else 'are'} there more than once",
        "not null": f"{rows} of {table} without {columns}",
        "length": f"{rows} of {table} with more than {limit} characters in {columns}",
        "cut": f"{rows} of {table} with more than {limit} characters in {columns}",
        "range": f"{rows} of {table} with a number in {columns} that is too large for its new type",
        "reference": f"{rows} of {table} whose {columns} leads to no row of "
        f"{limit.rpartition('.')[0]}",
        "check": f"{rows} of {table} against the condition {limit}",
    }[one.demand.kind]
