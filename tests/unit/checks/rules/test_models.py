"""Examples of the rules in ``models``."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from tests.support.builders import (
    facts,
    models,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"dcim": ("Add field x to device",)}, [("blocker", "dcim")]),
        ({"nautobot_example": ("Alter field x",)}, [("warning", "nautobot_example")]),
        (Unavailable("conflicting leaf nodes in dcim"), "skipped"),
    ],
)
def test_missing_migrations_block_for_core_and_warn_for_apps(findings_of, changes, expected):
    state = facts(expected_schema=models(missing_migrations=changes))
    assert findings_of("models.missing_migrations", state) == expected
