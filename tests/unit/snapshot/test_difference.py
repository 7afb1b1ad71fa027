"""Differences between two states."""

import pytest

from nautobot_upgrade_jobs.snapshot.difference import Difference, Item, Quantity, Unit

ROWS = Quantity(0, Unit.ROWS)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, ROWS, "added", id="new, without rows"),
        pytest.param(ROWS, None, "gone", id="missing, without rows"),
        pytest.param(ROWS, Quantity(1, Unit.ROWS), "changed", id="other number"),
        pytest.param(Item(""), Item("text"), "changed", id="empty description"),
    ],
)
def test_change_kind_by_existence(before, after, expected):
    assert Difference("fingerprints", "t", before, after).change_kind == expected
