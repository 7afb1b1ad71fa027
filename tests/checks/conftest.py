"""Runs one check on facts and shows what it found, short enough for a table of examples."""

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import NOTHING_EXPECTED
from nautobot_upgrade_jobs.checks.registry import all_checks
from nautobot_upgrade_jobs.checks.runner import NOT_BOOTED, NOT_LOOKED_FOR, NOT_RESOLVED, judge
from tests import builders


@pytest.fixture
def found():
    """Return a function: check id and facts to pairs of (severity, subject)."""

    def run(
        check_id,
        facts=None,
        target=None,
        expectations=NOTHING_EXPECTED,
        resolution=NOT_RESOLVED,
        booted=NOT_BOOTED,
        choice=NOT_LOOKED_FOR,
    ):
        (check,) = [one for one in all_checks() if one.id == check_id]
        (result,) = judge(
            facts or builders.facts(),
            target or builders.target(),
            builders.CATALOG,
            (),
            [check],
            expectations,
            resolution,
            booted,
            choice,
        )
        if result.status.value not in ("passed", "failed"):
            return result.status.value
        return [(finding.severity.value, finding.subject) for finding in result.findings]

    return run
