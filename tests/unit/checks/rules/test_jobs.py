"""Examples of the rules in ``jobs``."""

import pytest

from nautobot_upgrade_jobs.facts.jobs import JobRun
from tests.support.builders import facts, jobs, scheduled, target


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.43", "2.4.44", "not_applicable"),
        ("3.0.0", "3.2.7", "not_applicable"),
        ("2.4.44", "3.2.7", [("blocker", "Weekly")]),
    ],
)
def test_pending_approvals_when_the_upgrade_crosses_3_0_block(
    findings_of, installed, wanted, expected
):
    state = facts(jobs=jobs(awaiting_approval=("Weekly",)))
    assert findings_of("jobs.pending_approvals", state, target(wanted, installed)) == expected


def test_approval_checks_without_approvals_pass(findings_of):
    assert findings_of("jobs.pending_approvals") == []
    assert findings_of("jobs.lost_approval_requirement") == []


def test_lost_approval_requirement_of_a_gated_job_warns(findings_of):
    state = facts(jobs=jobs(gated_by_approval=("pkg.Job",)))
    assert findings_of("jobs.lost_approval_requirement", state) == [("warning", "extras_job")]


def test_running_with_an_unfinished_run_warns(findings_of):
    run = JobRun("11111111-1111-1111-1111-111111111111", "Sync", "STARTED", 12)
    assert findings_of("jobs.running", facts(jobs=jobs(running=(run,), running_count=1))) == [
        ("warning", "extras_jobresult")
    ]
    assert findings_of("jobs.running") == []


@pytest.mark.parametrize(
    ("changes", "arguments", "unrunnable"),
    [
        ({}, False, False),
        ({"has_kwargs": False}, True, False),
        ({"has_user": False}, False, True),
        ({"job_enabled": False}, False, True),
        ({"job_installed": False, "job_enabled": False}, False, True),
    ],
)
def test_schedule_checks_warn_of_null_arguments_and_unrunnable_schedules(
    findings_of, changes, arguments, unrunnable
):
    state = facts(jobs=jobs(scheduled=(scheduled(**changes),)))
    expected = [("warning", "Nightly")]
    assert findings_of("jobs.null_arguments", state) == (expected if arguments else [])
    assert findings_of("jobs.unrunnable_schedules", state) == (expected if unrunnable else [])
