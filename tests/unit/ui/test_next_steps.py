"""What to do after a run."""

import pytest

from nautobot_upgrade_jobs.ui.job_outcome import JobOutcome
from nautobot_upgrade_jobs.ui.next_steps import JOBS, STAGES, suggest_next_steps

THERE = "Nautobot 3.2.7"


def steps(kind, verdict, fields=None):
    outcome = JobOutcome(verdict, target=THERE)
    return [
        (one.kind, dict(one.fields))
        for one in suggest_next_steps(kind, outcome, "this", fields or {})
    ]


@pytest.mark.parametrize(
    ("kind", "verdict", "first"),
    [
        ("preflight", "go", ("snapshot", {"target": "3.2.7"})),
        ("preflight", "caution", ("snapshot", {"target": "3.2.7"})),
        ("preflight", "blocked", ("preflight", {"again": "this"})),
        ("preflight", "incomplete", ("preflight", {"again": "this"})),
        ("preflight", "crashed", ("preflight", {"again": "this"})),
        ("snapshot", "complete", ("verify", {"before": "this"})),
        ("snapshot", "incomplete", ("snapshot", {"again": "this"})),
        ("verify", "go", ("compare", {})),
        ("verify", "blocked", ("verify", {"again": "this"})),
        ("compare", "blocked", ("verify", {})),
        ("compare", "error", ("compare", {"again": "this"})),
        ("rollback", "go", ("verify", {})),
        ("rollback", "blocked", ("verify", {})),
        ("rollback", "crashed", ("rollback", {"again": "this"})),
    ],
)
def test_the_first_step(kind, verdict, first):
    assert steps(kind, verdict)[0] == first


def test_a_verify_that_failed_leads_to_the_way_back_to_its_snapshot():
    assert ("rollback", {"snapshot_result": "then"}) in steps(
        "verify", "blocked", {"before": "then"}
    )
    assert ("rollback", {}) in steps("verify", "incomplete")
    assert "rollback" not in dict(steps("verify", "go", {"before": "then"}))


def test_after_the_way_back_the_same_snapshot_is_verified_against():
    assert steps("rollback", "go", {"snapshot_result": "then"})[0] == ("verify", {"before": "then"})


@pytest.mark.parametrize("verdict", ["waiting", "running"])
def test_nothing_comes_next_before_a_run_has_ended(verdict):
    assert steps("preflight", verdict) == []


@pytest.mark.parametrize("label", ["", "Nautobot", "<script>", "the snapshot"])
def test_a_target_without_a_version_fills_in_nothing(label):
    step, *_ = suggest_next_steps("preflight", JobOutcome("go", target=label), "this", {})
    assert dict(step.fields) == {}


def test_every_job_is_a_station():
    assert {one.kind for one in STAGES} == set(JOBS)
