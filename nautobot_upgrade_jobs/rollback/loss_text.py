"""Describe the losses of a rollback option."""

from __future__ import annotations

from ..common.text import plural
from .losses import LossKind

LOSS_TEXT: dict[LossKind, str] = {
    "dropped": "The rollback removes them.",
    "cascaded": "post_upgrade deletes them with the stale content types.",
    "restored empty": "The rollback does not restore them.",
    "altered": "They then differ from the values before the upgrade.",
    "left behind": "They keep the values of the newer release, because the reverse code is empty.",
    "possibly altered": "Code may change them, and the planner cannot predict how.",
    "deleted since": "They were deleted after the snapshot. The rollback does not restore them.",
    "written since": "They were written after the backup, so it does not contain them.",
}
"""One sentence about the rows, values or changes of each kind."""
LOSS_UNIT: dict[LossKind, str] = {
    "cascaded": "row",
    "written since": "change",
    "deleted since": "row",
}
"""The unit of the count, if the unit is not values."""
LOSS_CONTAINER: dict[LossKind, str] = {
    "cascaded": "table",
    "written since": "model",
    "deleted since": "table",
}
"""The object that contains the data, if only one kind of object can contain it."""


def describe_containers(kind: LossKind, number: int) -> str:
    """Return the number of tables, columns or models that a loss of this kind concerns."""
    if container := LOSS_CONTAINER.get(kind):
        return plural(number, container)
    return f"{number} {'table or column' if number == 1 else 'tables or columns'}"
