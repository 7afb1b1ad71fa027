"""The table of scores: one row for each real upgrade."""

import pytest

from benchmarks.predictions import build_table

pytestmark = pytest.mark.once

SCORE = {
    "predicted_migrations": 59,
    "applied_migrations": 59,
    "predicted_seconds": [44.1, 138.8],
    "seconds": 44.3,
    "in_range": True,
    "blockers": [],
    "surprises": [],
}


def test_build_table_has_a_row_for_each_upgrade():
    late = SCORE | {"seconds": 140.0, "in_range": False, "surprises": ["jobs.a:b", "web.c:d"]}
    *_, first, second = build_table([("2.4.44 to 3.2.7", SCORE), ("a to b", late)]).splitlines()
    assert first == "| 2.4.44 to 3.2.7 | 59 | 59 | 44 to 139 s | 44 | yes | 0 | nothing |"
    assert second == "| a to b | 59 | 59 | 44 to 139 s | 140 | no | 0 | jobs.a:b, web.c:d |"
