"""Preflight as an operator starts it: by REST, by form, by schedule, on a real worker."""

import json
import re
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest

from nautobot_upgrade_jobs.report.formats.json import load_schema
from tests.support.nautobot import rows_of_every_table

pytestmark = pytest.mark.lines

JOB = "nautobot_upgrade_jobs.jobs.preflight.Preflight"
VERDICTS = {"go", "caution", "blocked", "incomplete"}


def assert_complete(rest, result):
    """Log lines by topic, a small result, and three files that can be fetched and read."""
    outcome = result["result"]
    assert outcome["verdict"] in VERDICTS
    expected = "SUCCESS" if outcome["verdict"] in ("go", "caution") else "FAILURE"
    assert result["status"]["value"] == expected
    assert not result["traceback"]
    assert len(json.dumps(outcome)) < 5000
    logs = rest.all(f"/api/extras/job-results/{result['id']}/logs/")
    groupings = {entry["grouping"] for entry in logs}
    assert {"database", "migrations", "apps", "data", "summary"} <= groupings
    files = rest.files(result["id"])
    assert sorted(files) == sorted(outcome["files"])
    assert {name.rpartition(".")[2] for name in files} - {"txt"} == {"html", "md", "json"}
    document = json.loads(next(text for name, text in files.items() if name.endswith(".json")))
    jsonschema.validate(document, load_schema())
    assert document["verdict"] == outcome["verdict"]
    return document


def test_rest_without_any_field(rest, instance):
    document = assert_complete(rest, rest.run_job(JOB))
    line = instance.version.rpartition(".")[0]
    assert document["target"].startswith(f"Nautobot {line}.")
    assert document["not_checked"] == []


def test_rest_with_a_target(rest):
    document = assert_complete(rest, rest.run_job(JOB, {"target": "3.2.7"}))
    assert document["target"] == "Nautobot 3.2.7"
    assert document["packages"] is not None


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"target": "latest"}, "'latest' is not a version"),
        ({"target": "1.4.6"}, "1.4.6 was never released"),
        ({"target": "9" * 200}, "200 characters long"),
        ({"exclude": "no.such_check"}, "No such check: no.such_check. Known checks: apps."),
        ({"accept": "nonsense"}, "Accept line 1"),
        ({"requirements": "lib\n==1"}, "Requirements line 2"),
        ({"requirements": "lib @ https://example.com/lib.whl"}, "give lib by name"),
    ],
)
def test_bad_input_is_a_clear_line_and_no_traceback(rest, data, says):
    result = rest.run_job(JOB, data)
    assert result["status"]["value"] == "FAILURE"
    assert result["result"]["verdict"] == "error"
    assert says in result["result"]["error"]
    assert not result["traceback"]
    assert rest.files(result["id"]) == {}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"target": "3.3.0"}, "blocked"),  # no index has it
        ({"target": "3.3.0a1"}, "blocked"),
        ({"exclude": "storage.low_space, system_checks.messages"}, "incomplete"),
        ({"target": "1.6.32"}, "blocked"),
    ],
)
def test_what_cannot_be_answered_is_never_go(rest, data, status):
    assert assert_complete(rest, rest.run_job(JOB, data))["verdict"] == status


def test_an_accepted_finding_is_shown_with_who_and_why(rest):
    until = (datetime.now(timezone.utc) + timedelta(days=30)).date()
    accept = f"target.not_newer:1.6.32 | a drill | {until}"
    document = assert_complete(rest, rest.run_job(JOB, {"target": "1.6.32", "accept": accept}))
    (finding,) = [one for one in document["findings"] if one["check"] == "target.not_newer"]
    assert (finding["accepted"]["who"], finding["accepted"]["reason"]) == ("admin", "a drill")
    assert document["counts"]["accepted"] == 1


def finished(rest, result_id):
    for _ in rest.follow_job(result_id):
        pass
    return rest.get(f"/api/extras/job-results/{result_id}/")


def test_the_form_explains_itself_and_runs(rest, browser):
    job = rest.job(JOB)["id"]
    _, page = browser.open(f"/extras/jobs/{job}/run/")
    for text in ("Target release", "Checks to leave out", "Findings to accept", "such as 3.2.7"):
        assert text in page
    fields = {"target": "", "exclude": "", "accept": "", "_schedule_type": "immediately"}
    url, _ = browser.submit(f"/extras/jobs/{job}/run/", fields)
    result_id = re.search(r"job-results/([0-9a-f-]{36})", url)[1]
    assert_complete(rest, finished(rest, result_id))
    _, page = browser.open(f"/extras/job-results/{result_id}/")
    assert "Preflight" in page


def test_a_schedule_runs_by_itself(rest):
    assert_complete(rest, rest.run_scheduled(JOB))


@contextmanager
def live_database():
    """A cursor in the database that the running web process and worker use."""
    from django.db import connections

    other = connections.create_connection("default")
    other.settings_dict["NAME"] = "nautobot"
    with other.cursor() as cursor:
        yield cursor
    other.close()


# The Job's own result, its log and its files; nothing else may change.
RESULT_TABLES = {
    "extras_jobresult",
    "extras_joblogentry",
    "extras_fileproxy",
    "extras_fileattachment",
    "extras_scheduledjobs",  # the scheduler's clock: 3.x starts every Job through a schedule
}


def fingerprints():
    with live_database() as cursor:
        found = rows_of_every_table(cursor)
    return {table: rows for table, rows in found.items() if table not in RESULT_TABLES}


def test_a_run_on_the_worker_changes_nothing_but_its_own_result(rest):
    # The first run of a worker may refresh what Nautobot keeps of Jobs.
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


@pytest.mark.once
def test_a_worker_killed_during_the_run_leaves_no_verdict(rest, instance):
    """The child that runs the Job is killed while it waits for a locked table."""
    import os
    import signal

    from development.process import children

    with locked("social_auth_usersocialauth"):
        result_id = rest.start_job(JOB)
        wait_for_log(rest, result_id, "tables")
        parent = instance.state().process("worker").pid
        for child in children(parent):
            os.kill(child.pid, signal.SIGKILL)
        time.sleep(2)
    result = rest.get(f"/api/extras/job-results/{result_id}/")
    assert result["status"]["value"] != "SUCCESS"
    assert "verdict" not in (result["result"] or {})
    # What it leaves behind is what the next run warns of, or a failure that says it.
    document = assert_complete(rest, rest.run_job(JOB, {"skip_build": True}))
    if result["status"]["value"] != "FAILURE":
        (finding,) = [one for one in document["findings"] if one["check"] == "jobs.running"]
        assert any(result_id in seen for seen in finding["evidence"])
