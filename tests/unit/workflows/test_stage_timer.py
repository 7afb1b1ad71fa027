"""How long each stage of a run takes."""

import time

import pytest

from nautobot_upgrade_jobs.workflows.stage_timer import CHECKS, PREFLIGHT_STAGES, StageTimer
from tests.support.report_samples import GO


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    times = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: times[-1])
    return times.append


def test_stage_timer_topics_are_one_stage_and_are_passed_on(clock):
    passed = []
    timer = StageTimer(passed.append, PREFLIGHT_STAGES)
    for now, progress in ((101, "runtime"), (103, "tables"), (104, "resolution"), (106, "target")):
        clock(now)
        timer(progress)
    clock(110)
    timer.begin(CHECKS)
    clock(111)
    report = timer.add_to(GO)
    assert report.seconds == 11
    assert report.stage_seconds == {"facts": 4, "package set": 2, "build": 4, "checks": 1}
    assert passed == [
        "Stage 1 of 5, facts: runtime",
        "Stage 1 of 5, facts: tables",
        "Stage 2 of 5, package set: resolution",
        "Stage 3 of 5, build: target",
    ]


def test_stage_timer_stage_that_returns_is_added(clock):
    timer = StageTimer(lambda progress: None)
    for now, progress in ((1100, "index"), (1110, "runtime"), (1115, "index")):
        clock(now)
        timer(progress)
    clock(1116)
    assert timer.add_to(GO).stage_seconds == {"facts": 1005, "package set": 11}


def test_stage_timer_number_of_a_stage_never_gets_smaller():
    passed = []
    timer = StageTimer(passed.append, PREFLIGHT_STAGES)
    for progress in ("target", "tables", "trial boot", "index"):
        timer(progress)
    numbers = [line.partition(",")[0] for line in passed]
    assert numbers == ["Stage 3 of 5", "Stage 3 of 5", "Stage 4 of 5", "Stage 4 of 5"]


def test_stage_timer_stage_that_was_not_planned_keeps_the_number():
    passed = []
    StageTimer(passed.append)("reversal")
    assert passed == ["Stage 1 of 2, losses: reversal"]
