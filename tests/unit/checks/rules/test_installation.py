"""Settings, storage, Jobs, workers and system checks."""

import pytest

from nautobot_upgrade_jobs.facts import Storage, SystemChecks, Workers
from nautobot_upgrade_jobs.facts.jobs import JobRun
from nautobot_upgrade_jobs.facts.system_checks import SystemCheckMessage
from nautobot_upgrade_jobs.facts.workers import Queue, Worker
from tests.support.builders import facts, folder, jobs, scheduled, setting, settings, target


@pytest.mark.parametrize(
    ("given", "installed", "wanted", "expected"),
    [
        ({"values": (setting("DEBUG"),)}, "2.4.44", "3.2.7", []),
        ({"values": (setting("STORAGE_BACKEND"),)}, "2.4.44", "3.0.11", []),
        ({"values": (setting("STORAGE_BACKEND"),)}, "3.1.0", "3.2.7", []),
        ({"environment": ("NAUTOBOT_DB_NAME",)}, "2.4.44", "3.2.7", []),
        (
            {"values": (setting("STORAGE_BACKEND"),)},
            "2.4.44",
            "3.2.7",
            [("blocker", "STORAGE_BACKEND")],
        ),
        (
            {"values": (setting("DEVICE_NAME_AS_NATURAL_KEY"),)},
            "2.4.44",
            "3.0.11",
            [("warning", "DEVICE_NAME_AS_NATURAL_KEY")],
        ),
        (
            {"environment": ("NAUTOBOT_JOB_FILE_IO_STORAGE",)},
            "2.4.44",
            "3.2.7",
            [("warning", "NAUTOBOT_JOB_FILE_IO_STORAGE")],
        ),
        ({"values": (setting("BRANDING_FILEPATHS", ("logo",)),)}, "2.4.44", "3.2.7", []),
        (
            {"values": (setting("BRANDING_FILEPATHS", ("logo", "css")),)},
            "2.4.44",
            "3.2.7",
            [("warning", "BRANDING_FILEPATHS['css']")],
        ),
    ],
)
def test_removed(found, given, installed, wanted, expected):
    state = facts(settings=settings(**given))
    assert found("settings.removed", state, target(wanted, installed)) == expected


@pytest.mark.parametrize(
    ("storages", "wanted", "expected"),
    [
        (("default", "nautobotjobfiles", "staticfiles"), "3.2.7", []),
        ((), "3.2.7", []),
        (("default", "staticfiles"), "2.4.23", []),
        (("default", "staticfiles"), "2.4.24", [("blocker", "STORAGES")]),
        (("default", "staticfiles"), "3.2.7", [("blocker", "STORAGES")]),
    ],
)
def test_job_file_storage(found, storages, wanted, expected):
    state = facts(settings=settings(storages=storages))
    assert found("settings.missing_job_file_storage", state, target(wanted, "2.4.10")) == expected


@pytest.mark.parametrize(
    ("changes", "writable", "space"),
    [
        ({}, False, False),
        ({"exists": False, "writable": False}, True, False),
        ({"writable": False}, True, False),
        ({"free_bytes": 1_000_000}, False, True),
    ],
)
def test_storage(found, changes, writable, space):
    state = facts(storage=Storage((folder(**changes),), "nautobot"))
    expected = [("warning", "MEDIA_ROOT")]
    assert found("storage.not_writable", state) == (expected if writable else [])
    assert found("storage.low_space", state) == (expected if space else [])


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((), []),
        ((SystemCheckMessage("app.W001", "warning", "m", ""),), [("warning", "app.W001-62c66a7a")]),
        ((SystemCheckMessage("app.E001", "error", "m", "h"),), [("blocker", "app.E001-62c66a7a")]),
    ],
)
def test_system(found, messages, expected):
    assert found("system_checks.messages", facts(system_checks=SystemChecks(messages))) == expected


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.4.43", "2.4.44", "not_applicable"),
        ("3.0.0", "3.2.7", "not_applicable"),
        ("2.4.44", "3.2.7", [("blocker", "Weekly")]),
    ],
)
def test_pending_approvals(found, installed, wanted, expected):
    state = facts(jobs=jobs(awaiting_approval=("Weekly",)))
    assert found("jobs.pending_approvals", state, target(wanted, installed)) == expected


def test_approvals_pass_when_there_are_none(found):
    assert found("jobs.pending_approvals") == []
    assert found("jobs.lost_approval_requirement") == []


def test_approval_gate(found):
    state = facts(jobs=jobs(gated_by_approval=("pkg.Job",)))
    assert found("jobs.lost_approval_requirement", state) == [("warning", "extras_job")]


def test_in_flight(found):
    run = JobRun("11111111-1111-1111-1111-111111111111", "Sync", "STARTED", 12)
    assert found("jobs.running", facts(jobs=jobs(running=(run,), running_count=1))) == [
        ("warning", "extras_jobresult")
    ]
    assert found("jobs.running") == []


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
def test_schedules(found, changes, arguments, unrunnable):
    state = facts(jobs=jobs(scheduled=(scheduled(**changes),)))
    expected = [("warning", "Nightly")]
    assert found("jobs.null_arguments", state) == (expected if arguments else [])
    assert found("jobs.unrunnable_schedules", state) == (expected if unrunnable else [])


def test_workers(found):
    silent = facts(workers=Workers((), (Queue("default", 3),)))
    assert found("workers.none_responding", silent) == [("warning", "celery")]
    assert found("workers.stuck_messages", silent) == [("warning", "default")]
    busy = facts(workers=Workers((Worker("w", ("default",)),), (Queue("default", 0),)))
    assert found("workers.none_responding", busy) == []
    assert found("workers.stuck_messages", busy) == []
