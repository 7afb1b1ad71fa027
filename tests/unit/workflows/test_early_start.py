"""The installed release is started early only if its result can be needed."""

import threading
import time

import pytest

from nautobot_upgrade_jobs.facts import Customizations, Facts, Unavailable
from nautobot_upgrade_jobs.facts.jobs import JobRecord
from nautobot_upgrade_jobs.workflows import early_start
from nautobot_upgrade_jobs.workflows.early_start import EarlyStart, is_early_start_useful
from tests.support.builders import app, apps, jobs, scheduled

APPS = apps(app(module="my_app"))
RESULT = Customizations({"Job file": 1})


def recorded(*class_paths, installed=True):
    return jobs(
        records=tuple(JobRecord(path, "Job", installed, True) for path in class_paths),
        scheduled=(),
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(recorded("nautobot.core.jobs.Sync", "my_app.jobs.One"), False, id="code"),
        pytest.param(recorded("my_jobs.One"), True, id="Job file"),
        pytest.param(recorded("my_jobs.One", installed=False), False, id="removed Job file"),
        pytest.param(jobs(records=(), scheduled=(scheduled(),)), True, id="schedule"),
        pytest.param(Unavailable("no rights"), False, id="unknown"),
    ],
)
def test_early_start_is_useful_with_job_files_or_schedules(monkeypatch, found, expected):
    monkeypatch.setattr(early_start, "available_mebibytes", lambda: 4000)
    assert is_early_start_useful(Facts(jobs=found, apps=APPS)) is expected


def test_early_start_without_memory_for_two_starts_is_not_useful(monkeypatch):
    monkeypatch.setattr(early_start, "available_mebibytes", lambda: 1000)
    assert not is_early_start_useful(Facts(jobs=recorded("my_jobs.One"), apps=APPS))


def test_early_start_runs_at_once_and_only_once():
    started = []
    ready = threading.Event()

    def start(deadline):
        started.append(deadline.remaining)
        ready.set()
        return RESULT

    with EarlyStart(start, 60, is_early=True) as early:
        assert ready.wait(60)
        assert early.get_result() is RESULT
    assert len(started) == 1


def test_start_that_is_not_early_begins_when_it_is_needed():
    started = []

    def start(deadline):
        started.append(deadline)
        return RESULT

    with EarlyStart(start, 60, is_early=False) as early:
        assert not started
        assert early.get_result() is RESULT
    assert len(started) == 1


def test_start_that_is_not_needed_is_ended():
    ended = threading.Event()

    def start(deadline):
        while deadline.remaining > 0:
            time.sleep(0.01)
        ended.set()
        return RESULT

    with EarlyStart(start, 600, is_early=True):
        pass
    assert ended.wait(60)
