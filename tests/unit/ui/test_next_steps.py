"""The next steps after a run."""

import pytest

from nautobot_upgrade_jobs.ui.job_outcome import JobOutcome
from nautobot_upgrade_jobs.ui.next_steps import JOBS, STAGES, suggest_next_steps


def steps(kind, verdict, fields=None):
    outcome = JobOutcome(verdict, target="Nautobot 3.2.7", target_version="3.2.7")
    return [
        (step.kind, dict(step.fields))
        for step in suggest_next_steps(kind, outcome, "this", fields or {})
    ]


@pytest.mark.parametrize(
    ("kind", "verdict", "first"),
    [
        ("preflight", "go", ("snapshot", {"target": "3.2.7"})),
        ("preflight", "caution", ("snapshot", {"target": "3.2.7"})),
        ("preflight", "blocked", ("preflight", {"again": "this"})),
        ("preflight", "incomplete", ("preflight", {"again": "this"})),
        ("preflight", "up_to_date", ("preflight", {"again": "this"})),
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
def test_suggest_next_steps_verdict_decides_the_first_step(kind, verdict, first):
    assert steps(kind, verdict)[0] == first


def test_suggest_next_steps_failed_verify_offers_rollback_to_its_snapshot():
    assert ("rollback", {"snapshot_result": "earlier"}) in steps(
        "verify", "blocked", {"before": "earlier"}
    )
    assert ("rollback", {}) in steps("verify", "incomplete")
    assert "rollback" not in dict(steps("verify", "go", {"before": "earlier"}))


def test_suggest_next_steps_rollback_verifies_against_the_same_snapshot():
    assert steps("rollback", "go", {"snapshot_result": "earlier"})[0] == (
        "verify",
        {"before": "earlier"},
    )


@pytest.mark.parametrize("verdict", ["waiting", "running"])
def test_suggest_next_steps_unfinished_run_gives_none(verdict):
    assert steps("preflight", verdict) == []


@pytest.mark.parametrize("label", ["", "Nautobot 3.2.7", "<script>", "the snapshot"])
def test_suggest_next_steps_target_without_version_fills_no_field(label):
    step, *_ = suggest_next_steps("preflight", JobOutcome("go", target=label), "this", {})
    assert dict(step.fields) == {}


def test_stages_contain_every_job():
    assert {stage.kind for stage in STAGES} == set(JOBS)
