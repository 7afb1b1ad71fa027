"""The words of a run that was limited to some checks."""

import pytest

from nautobot_upgrade_jobs.report.verdict_text import describe_partial_run


@pytest.mark.parametrize(
    ("checks", "findings", "not_checked", "without_use", "expected"),
    [
        (1, 0, 0, 0, "Only 1 check ran, with no findings."),
        (1, 0, 0, 1, "Only 1 check ran, with no findings. 1 does not apply."),
        (3, 0, 0, 2, "Only 3 checks ran, with no findings. 2 do not apply."),
        (2, 1, 0, 0, "Only 2 checks ran, with 1 finding."),
        (3, 0, 1, 0, "Only 3 checks were asked for, with no findings. 1 could not run."),
        (1, 0, 1, 0, "Only 1 check was asked for, with no findings. 1 could not run."),
    ],
)
def test_partial_run_says_what_ran_and_what_did_not(
    checks, findings, not_checked, without_use, expected
):
    assert describe_partial_run(checks, findings, not_checked, without_use) == expected
