"""The package set is resolved while the facts are collected."""

import signal
import threading

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from nautobot_upgrade_jobs.checks.registry import checks_for_stage
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.resolution import Resolution
from nautobot_upgrade_jobs.workflows.context import RunRequest, resolve_request
from nautobot_upgrade_jobs.workflows.preflight import run_preflight
from nautobot_upgrade_jobs.workflows.target_resolution import ROOT_TOPICS, TargetResolution

pytestmark = pytest.mark.once
RESOLVE = "nautobot_upgrade_jobs.workflows.target_resolution.resolve"
REQUEST = RunRequest(target="3.2.7")


def start():
    context = resolve_request(REQUEST, checks_for_stage("preflight"))
    return TargetResolution(collect_facts(topics=ROOT_TOPICS), context)


@pytest.fixture
def ended(monkeypatch):
    """Let the resolution wait until its time limit ends. An event says that it has ended."""
    event, pause = threading.Event(), threading.Event()

    def resolve(roots, target, *, deadline, **_):
        while deadline.remaining > 0:
            pause.wait(0.01)
        event.set()
        return Unavailable("ended")

    monkeypatch.setattr(RESOLVE, resolve)
    return event


def test_preflight_collects_facts_while_the_index_responds(monkeypatch):
    is_collecting, answers = threading.Event(), []

    def resolve(roots, target, **limits):
        answers.append(is_collecting.wait(60))
        return Resolution(target, (), ())

    monkeypatch.setattr(RESOLVE, resolve)

    def progress(activity):
        if activity.endswith(": tables"):
            is_collecting.set()

    run_preflight(REQUEST, progress)
    assert answers == [True]


def test_wait_over_the_soft_time_limit_ends_the_resolution(ended):
    def stop(*_):
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, stop)
    try:
        with start() as resolving:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            found = resolving.wait()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert "soft time limit" in found.reason
    assert ended.wait(30)


def test_run_that_fails_ends_the_resolution(ended):
    with pytest.raises(ZeroDivisionError), start():
        raise ZeroDivisionError
    assert ended.wait(30)
