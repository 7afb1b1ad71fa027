"""Preflight by REST, by form and by schedule, on a real worker."""

import json
import os
import re
import signal
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest

from development.process import children
from nautobot_upgrade_jobs.jobs.preflight import Preflight
from nautobot_upgrade_jobs.report.formats.json import load_schema
from tests.support.nautobot import form_labels, rows_of_every_table

pytestmark = [pytest.mark.lines, pytest.mark.slow]

JOB = "nautobot_upgrade_jobs.jobs.preflight.Preflight"
GOOD = ("go", "caution", "up_to_date")
VERDICTS = {*GOOD, "blocked", "incomplete"}


def assert_complete(rest, result):
    """Log lines by topic, a small result, and files that can be fetched and read."""
    outcome = result["result"]
    assert outcome["verdict"] in VERDICTS
    expected = "SUCCESS" if outcome["verdict"] in GOOD else "FAILURE"
    assert result["status"]["value"] == expected
    assert not result["traceback"]
    assert len(json.dumps(outcome)) < 20_000
    logs = rest.all(f"/api/extras/job-results/{result['id']}/logs/")
    groupings = {entry["grouping"] for entry in logs}
    assert {"database", "migrations", "apps", "data", "summary"} <= groupings
    files = rest.files(result["id"])
    assert sorted(files) == sorted(outcome["files"])
    kinds = {name.rpartition(".")[2] for name in files}
    assert kinds - {"sh"} == {"html", "md", "json", "csv", "txt"}
    document = json.loads(next(text for name, text in files.items() if name.endswith(".json")))
    jsonschema.validate(document, load_schema())
    assert ("upgrade.sh" in files) is bool(document["steps"])
    assert document["verdict"] == outcome["verdict"]
    return document


@pytest.mark.once
def test_preflight_rest_without_fields_targets_the_newest_patch(rest, instance):
    document = assert_complete(rest, rest.run_job(JOB))
    line = instance.version.rpartition(".")[0]
    assert document["target"].startswith(f"Nautobot {line}.")
    assert document["not_checked"] == []


@pytest.mark.once
def test_preflight_rest_with_target_reports_it(rest):
    document = assert_complete(rest, rest.run_job(JOB, {"target": "3.2.7"}))
    assert document["target"] == "Nautobot 3.2.7"
    assert document["packages"] is not None


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        ({"target": "latest"}, "'latest'"),
        ({"target": "1.4.6"}, "1.4.6"),
        ({"target": "3.3.0"}, "The package index has no Nautobot 3.3.0"),
        ({"target": "3.3.0a1"}, "The package index has no Nautobot 3.3.0a1"),
        ({"target": "9" * 200}, "200"),
        ({"exclude": "no.such_check"}, "no.such_check"),
        ({"accept": "nonsense"}, "line 1"),
        ({"requirements": "lib\n==1"}, "line 2"),
        ({"requirements": "lib @ https://example.com/lib.whl"}, "lib"),
    ],
)
def test_preflight_invalid_input_is_an_error_without_traceback(rest, data, fragment):
    result = rest.run_job(JOB, data)
    assert result["status"]["value"] == "FAILURE"
    assert result["result"]["verdict"] == "error"
    assert fragment in result["result"]["error"]
    assert not result["traceback"]
    assert rest.files(result["id"]) == {}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"exclude": "storage.low_space", "skip_build": True}, "incomplete"),
        ({"target": "1.6.32"}, "blocked"),
    ],
)
def test_preflight_unanswerable_target_is_not_go(rest, data, status):
    assert assert_complete(rest, rest.run_job(JOB, data))["verdict"] == status


def test_preflight_accepted_finding_shows_user_and_reason(rest):
    until = (datetime.now(timezone.utc) + timedelta(days=30)).date()
    keys = ("target.older_release_date:1.6.32", "target.not_newer:1.6.32")
    accept = "\n".join(f"{key} | a drill | {until}" for key in keys)
    document = assert_complete(rest, rest.run_job(JOB, {"target": "1.6.32", "accept": accept}))
    (finding,) = [one for one in document["findings"] if one["accepted"]]
    assert finding["key"] == keys[0]
    assert (finding["accepted"]["who"], finding["accepted"]["reason"]) == ("admin", "a drill")
    assert document["counts"]["accepted"] == 1
    (refused,) = document["refused_acceptances"]
    assert (refused["finding"], document["verdict"]) == (keys[1], "blocked")


def finished(rest, result_id):
    for _ in rest.follow_job(result_id):
        pass
    return rest.get(f"/api/extras/job-results/{result_id}/")


def test_preflight_form_shows_labels_and_runs(rest, browser):
    job = rest.job(JOB)["id"]
    _, page = browser.open(f"/extras/jobs/{job}/run/")
    for label in form_labels(Preflight):
        assert label in page
    fields = {"target": "", "exclude": "", "accept": "", "skip_build": "on"}
    fields["_schedule_type"] = "immediately"
    url, _ = browser.submit(f"/extras/jobs/{job}/run/", fields)
    result_id = re.search(r"job-results/([0-9a-f-]{36})", url)[1]
    assert_complete(rest, finished(rest, result_id))
    _, page = browser.open(f"/extras/job-results/{result_id}/")
    assert "Preflight" in page


def test_preflight_schedule_runs(rest):
    assert_complete(rest, rest.run_scheduled(JOB, {"skip_build": True}))


@contextmanager
def live_database():
    """A cursor in the database that the running web process and worker use."""
    from django.db import connections

    other = connections.create_connection("default")
    other.settings_dict["NAME"] = "nautobot"
    with other.cursor() as cursor:
        yield cursor
    other.close()


# The Job's own result, log and files.
RESULT_TABLES = {
    "extras_jobresult",
    "extras_joblogentry",
    "extras_fileproxy",
    "extras_fileattachment",
    "extras_scheduledjobs",  # 3.x starts every Job through a schedule
}


def fingerprints():
    with live_database() as cursor:
        rows_by_table = rows_of_every_table(cursor)
    return {table: rows for table, rows in rows_by_table.items() if table not in RESULT_TABLES}


@pytest.mark.once
@pytest.mark.slow
def test_preflight_on_worker_changes_only_its_own_result(rest):
    # The first run of a worker may refresh Nautobot's records of Jobs.
    rest.run_job(JOB, {"skip_build": True})
    before = fingerprints()
    rest.run_job(JOB, {"target": "3.2.7"})
    after = fingerprints()
    assert {table for table in before if before[table] != after[table]} == set()


@contextmanager
def locked(table):
    """Hold a lock on a table of the live database, which the running worker reads."""
    with live_database() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def wait_for_log(rest, result_id, text):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        entries = rest.all(f"/api/extras/job-results/{result_id}/logs/")
        if any(text in entry["message"] for entry in entries):
            return
        time.sleep(0.2)
    raise AssertionError(f"no log line with {text!r}")


def kill(rest, instance, result_id):
    """Kill the child of the worker that runs the Job."""
    wait_for_log(rest, result_id, "tables")
    for child in children(instance.state().process("worker").pid):
        os.kill(child.pid, signal.SIGKILL)


def cancel(rest, instance, result_id):
    """Do what the button of Nautobot 3.2 does."""
    if tuple(map(int, instance.version.split(".")[:2])) < (3, 2):
        pytest.skip("a Job cannot be canceled")
    wait_for_log(rest, result_id, "tables")
    rest.fetch(f"/api/extras/job-results/{result_id}/cancel/", {}, "POST")


def exceed_time_limit(rest, instance, result_id):
    """Wait for the worker to kill its child."""
    time.sleep(6)


@pytest.fixture
def short_time_limit(rest):
    """Let the worker kill a Preflight after four seconds."""
    (job,) = rest.all("/api/extras/jobs/?name=Preflight&grouping=Upgrade")
    names = ("soft_time_limit", "time_limit")
    before = {name: job[name] for name in (*names, *(f"{name}_override" for name in names))}
    limits = {"soft_time_limit": 3, "time_limit": 4}
    overrides = {f"{name}_override": True for name in names}
    rest.fetch(f"/api/extras/jobs/{job['id']}/", limits | overrides, "PATCH")
    yield
    rest.fetch(f"/api/extras/jobs/{job['id']}/", before, "PATCH")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(kill, marks=pytest.mark.once),
        cancel,
        pytest.param(exceed_time_limit, marks=pytest.mark.once),
    ],
)
def test_preflight_that_is_ended_leaves_no_verdict(rest, instance, request, end):
    """It is ended while it waits for a locked table."""
    if end is exceed_time_limit:
        request.getfixturevalue("short_time_limit")
    with locked("social_auth_usersocialauth"):
        result_id = rest.start_job(JOB)
        end(rest, instance, result_id)
        time.sleep(2)
    result = rest.get(f"/api/extras/job-results/{result_id}/")
    assert result["status"]["value"] != "SUCCESS"
    assert "verdict" not in (result["result"] or {})
    assert rest.files(result_id) == {}
    if end is exceed_time_limit:
        return
    # A run that is marked as unfinished for ever is of this App, so the next run does not warn.
    document = assert_complete(rest, rest.run_job(JOB, {"skip_build": True}))
    assert not [one for one in document["findings"] if one["check"] == "jobs.running"]
