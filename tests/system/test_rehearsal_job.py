"""The Job Rehearse Upgrade on a real worker: proven, used by Preflight, and ended."""

import json
import os
import signal
from pathlib import Path

import pytest

from development.process import children
from nautobot_upgrade_jobs.jobs.rehearse import RehearseUpgrade
from tests.support.command import upgrade_jobs
from tests.support.nautobot import form_labels
from tests.support.rehearsing import find_processes, wait_until
from tests.system.test_preflight_job import locked

pytestmark = [pytest.mark.lines, pytest.mark.slow, pytest.mark.network]

JOB = "nautobot_upgrade_jobs.jobs.rehearse.RehearseUpgrade"
PREFLIGHT = "nautobot_upgrade_jobs.jobs.preflight.Preflight"


def folders(instance):
    """Return the folders of copies. The folder with the results is none."""
    parent = instance.folder / "rehearsals"
    return [each for each in parent.glob("*") if each.name != "results"]


@pytest.mark.once
def test_rehearsal_of_a_backup_by_rest_is_proven_and_preflight_uses_it(rest, instance):
    folder = instance.folder / "backups"
    folder.mkdir(exist_ok=True)
    instance.server().archive("nautobot", folder / "nightly-2.dump")
    (folder / "nightly-1.dump").write_bytes(b"PGDMP of another night")
    os.utime(folder / "nightly-1.dump", (0, 0))
    data = {"target": "3.2.7", "window": "30m", "backup": "nightly-*.dump"}
    result = rest.run_job(JOB, data)
    assert result["status"]["value"] == "SUCCESS", result["result"]
    assert result["result"]["verdict"] in ("go", "caution")
    files = rest.files(result["id"])
    (record,) = [name for name in files if name.startswith("rehearsal-")]
    assert record in {path.name for path in (instance.folder / "rehearsals" / "results").iterdir()}
    assert folders(instance) == []
    preflight = rest.run_job(PREFLIGHT, {"target": "3.2.7"})
    reports = [text for name, text in rest.files(preflight["id"]).items() if name.endswith(".json")]
    found = {each["check"]: each for each in json.loads(reports[0])["findings"]}
    outcome = found["rehearsed.outcome"]
    assert "proven by the rehearsal" in outcome["message"], outcome["evidence"]
    assert found["preconditions.migration_cost"]["evidence"][0].startswith("Measured: ")


def kill(rest, instance, result_id):
    """Kill the child of the worker that runs the Job, but not the keeper of its folder."""
    for child in children(instance.state().process("worker").pid):
        if b"keeper.py" not in Path(f"/proc/{child.pid}/cmdline").read_bytes():
            os.kill(child.pid, signal.SIGKILL)


def kill_with_keeper(rest, instance, result_id):
    """Kill everything, as the end of a container does. Then clean up, as the next run does."""
    for child in children(instance.state().process("worker").pid):
        os.kill(child.pid, signal.SIGKILL)
    assert [each.name for each in folders(instance)] == removed_names()


def removed_names():
    done = upgrade_jobs("clean")
    return [line.rpartition("/")[2] for line in done.stdout.splitlines() if "/rehearsals/" in line]


def cancel(rest, instance, result_id):
    """Do what the button of Nautobot 3.2 does."""
    rest.fetch(f"/api/extras/job-results/{result_id}/cancel/", {}, "POST")


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(kill, marks=pytest.mark.once),
        pytest.param(kill_with_keeper, marks=pytest.mark.once),
        cancel,
    ],
)
def test_rehearsal_that_is_ended_leaves_nothing(rest, instance, end):
    """It is ended while it copies a locked table."""
    if end is cancel and tuple(map(int, instance.version.split(".")[:2])) < (3, 2):
        pytest.skip("a Job cannot be canceled")
    removed_names()  # what a failed test has left
    with locked("social_auth_usersocialauth"):
        result_id = rest.start_job(JOB, {"target": instance.version})
        wait_until(lambda: list((instance.folder / "rehearsals").glob("*/server.log")), 120)
        end(rest, instance, result_id)
        wait_until(lambda: not folders(instance), 12)
    assert not find_processes(instance.folder / "rehearsals")
    result = rest.get(f"/api/extras/job-results/{result_id}/")
    assert result["status"]["value"] != "SUCCESS"
    assert rest.files(result_id) == {}


def test_rehearsal_form_shows_labels(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(JOB)['id']}/run/")
    for label in form_labels(RehearseUpgrade):
        assert label in page


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"window": "soon"}, "Maintenance window: expected a duration"),
        ({"backup": "../state.json"}, "the folder of backup_directory contains no"),
        ({"backup": "no-*.dump"}, "the folder of backup_directory contains no"),
    ],
)
def test_rehearsal_with_an_invalid_field_is_refused(rest, data, error):
    result = rest.run_job(JOB, data)
    assert result["result"]["verdict"] == "error"
    assert error in result["result"]["error"]
