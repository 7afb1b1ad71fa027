"""Describe the losses of a rollback option."""

from __future__ import annotations

from collections.abc import Collection

from ..common.text import plural
from .losses import LossKind

LOSS_SENTENCES: dict[LossKind, str] = {
    "dropped": "the rollback removes {amount}",
    "cascaded": "post_upgrade deletes {amount} with the stale content types",
    "restored empty": "the rollback does not restore {amount}",
    "altered": "the rollback changes {amount}, so they differ from before the upgrade",
    "left behind": "{amount} are not converted back, because the reverse code is empty",
    "possibly altered": "the reverse code may change {amount}, and the planner cannot predict how",
    "deleted since": "the rollback does not restore {amount} that were deleted after the snapshot",
    "written since": "the backup does not contain {amount} that were written after it",
}
"""One sentence about the rows, values or changes of each kind."""
LOSS_UNITS: dict[LossKind, str] = {
    "cascaded": "row",
    "written since": "change",
    "deleted since": "row",
}
"""The unit of the count, if it does not depend on what contains the data."""
LOSS_CONTAINER: dict[LossKind, str] = {
    "cascaded": "table",
    "written since": "model",
    "deleted since": "table",
}
"""The object that contains the data, if only one kind of object can contain it."""


def describe_loss(kind: LossKind, amount: str) -> str:
    """Return a sentence without a period, which begins in lower case."""
    return LOSS_SENTENCES[kind].format(amount=amount)


def describe_unit(kind: LossKind, subjects: Collection[str], number: int) -> str:
    """Return the unit of a count: rows of tables, values of columns, or both.

    Args:
        kind: The kind of the losses.
        subjects: ``table`` or ``table.column`` of each loss.
        number: The count, which decides between singular and plural.
    """
    unit = LOSS_UNITS.get(kind)
    columns = sum("." in subject for subject in subjects)
    if unit is None and 0 < columns < len(subjects):
        return "rows and values"
    unit = unit or ("value" if columns else "row")
    return unit if number == 1 else f"{unit}s"


def describe_containers(kind: LossKind, subjects: Collection[str]) -> str:
    """Return the number of tables, columns or models that losses of a kind concern."""
    if container := LOSS_CONTAINER.get(kind):
        return plural(len(subjects), container)
    columns = sum("." in subject for subject in subjects)
    tables = len(subjects) - columns
    parts = (plural(tables, "table") if tables else "", plural(columns, "column") * bool(columns))
    return " and ".join(filter(None, parts))
