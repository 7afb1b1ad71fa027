"""Rules about postconditions of data migrations."""

import pytest

from nautobot_upgrade_jobs.facts import PostconditionCounts, Unavailable
from tests.support.builders import facts


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param({}, [], id="not counted"),
        pytest.param({"cable_ends": 0, "parent_of_ip_addresses": 0}, [], id="no violating rows"),
        pytest.param({"cable_ends": 3}, [("warning", "cable_ends")], id="violating rows"),
        pytest.param(
            {"cable_ends": 1, "parent_of_ip_addresses": Unavailable("timeout")},
            "skipped",
            id="one count unavailable",
        ),
    ],
)
def test_violated_postconditions_with_rows_warn(findings_of, counts, expected):
    state = facts(postconditions=PostconditionCounts(counts))
    assert findings_of("postconditions.violated", state) == expected
