"""Rules about postconditions of data migrations."""

import pytest

from nautobot_upgrade_jobs.facts import PostconditionCounts, Unavailable
from tests.support.builders import CATALOG, facts

NONE_VIOLATED = {each.id: 0 for each in CATALOG.postconditions}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param(dict.fromkeys(NONE_VIOLATED), [], id="no migration is recorded"),
        pytest.param(NONE_VIOLATED, [], id="no violating rows"),
        pytest.param(
            {**NONE_VIOLATED, "cable_ends": 3}, [("warning", "cable_ends")], id="violating rows"
        ),
        pytest.param(
            {**NONE_VIOLATED, "cable_ends": 1, "parent_of_ip_addresses": Unavailable("timeout")},
            "skipped",
            id="one count unavailable",
        ),
        pytest.param({"cable_ends": 0}, "skipped", id="the other counts are missing"),
    ],
)
def test_violated_postconditions_with_rows_warn(findings_of, counts, expected):
    state = facts(postconditions=PostconditionCounts(counts))
    assert findings_of("postconditions.violated", state) == expected
