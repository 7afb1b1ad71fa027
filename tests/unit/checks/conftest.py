"""Runs one check on facts and shows what it found, short enough for a table of examples."""

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import NO_EXPECTATIONS
from nautobot_upgrade_jobs.checks.registry import all_checks
from nautobot_upgrade_jobs.checks.runner import NOT_ASSESSED, NOT_BOOTED, NOT_RESOLVED, run_checks
from tests.support import builders


@pytest.fixture
def found():
    """Return a function: check id and facts to pairs of (severity, subject)."""

    def run(
        check_id,
        facts=None,
        target=None,
        expectations=NO_EXPECTATIONS,
        resolution=NOT_RESOLVED,
        trial_boot=NOT_BOOTED,
        choice=NOT_ASSESSED,
    ):
        (check,) = [one for one in all_checks() if one.id == check_id]
        (result,) = run_checks(
            facts or builders.facts(),
            target or builders.target(),
            builders.CATALOG,
            (),
            [check],
            expectations,
            resolution,
            trial_boot,
            choice,
        )
        if result.status.value not in ("passed", "failed"):
            return result.status.value
        return [(finding.severity.value, finding.subject) for finding in result.findings]

    return run
