"""Rollback Planner by REST and by form, on a real worker."""

import json

import jsonschema
import pytest

from nautobot_upgrade_jobs.jobs.rollback import RollbackPlanner
from nautobot_upgrade_jobs.report.formats.json import load_schema
from tests.support.nautobot import form_labels
from tests.support.rollback_terms import (
    REINSTALL,
    RESTORE_BACKUP,
    REVERSE_MIGRATIONS,
    STRATEGY,
)

pytestmark = pytest.mark.lines

CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
ROLLBACK = "nautobot_upgrade_jobs.jobs.rollback.RollbackPlanner"


def test_rollback_job_to_current_snapshot_recommends_reinstall(rest):
    before = rest.run_job(CAPTURE)["id"]
    result = rest.run_job(ROLLBACK, {"snapshot_result": before})
    assert result["status"]["value"] == "SUCCESS", result["result"]
    files = rest.files(result["id"])
    (script,) = (text for name, text in files.items() if name.endswith(".sh"))
    (snapshot,) = rest.files(before)
    assert f"test -s {snapshot}" in script.decode()  # as the UI hands it out
    endings = {name.rpartition(".")[2] for name in files}
    assert endings == {"html", "md", "json", "csv", "sh", "txt"}
    document = json.loads(next(text for name, text in files.items() if name.endswith(".json")))
    jsonschema.validate(document, load_schema())
    assert (document["kind"], document["rollback"]["recommended"]) == ("rollback", REINSTALL)
    logs = rest.all(f"/api/extras/job-results/{result['id']}/logs/")
    assert {"rollback", "summary"} <= {entry["grouping"] for entry in logs}


def test_rollback_job_with_strategy_writes_its_steps(rest):
    result = rest.run_job(ROLLBACK, {"to": "2.4.0", STRATEGY: REVERSE_MIGRATIONS})
    assert result["result"]["verdict"] in ("caution", "blocked")
    document = json.loads(
        next(text for name, text in rest.files(result["id"]).items() if name.endswith(".json"))
    )
    assert document["rollback"]["chosen"] == REVERSE_MIGRATIONS
    assert any(" migrate " in one for step in document["steps"] for one in step["commands"])


@pytest.mark.once
@pytest.mark.parametrize(
    ("status", "verdict", "evidence"),
    [("DONE", "caution", "Barman reports 20261129T091036"), ("FAILED", "blocked", "FAILED")],
)
def test_rollback_job_judges_the_backup_of_the_form(rest, instance, status, verdict, evidence):
    """The list of Barman is in the folder of backups, and a step by hand restores the backup."""
    folder = instance.folder / "backups"
    folder.mkdir(exist_ok=True)
    backup = {"backup_id": "20261129T091036", "status": status, "end_time_timestamp": "1700000000"}
    (folder / "barman.json").write_text(json.dumps({"nautobot": [backup]}))
    data = {"to": "2.4.0", STRATEGY: RESTORE_BACKUP, "backup": "barman.json"}
    result = rest.run_job(ROLLBACK, data)
    assert result["result"]["verdict"] == verdict
    files = rest.files(result["id"])
    report = next(text for name, text in files.items() if name.endswith(".html")).decode()
    script = next(text for name, text in files.items() if name.endswith(".sh")).decode()
    assert evidence in report
    assert "by_hand 'Restore the backup 20261129T091036 (Barman)" in script


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        ({}, "2.4.44"),
        ({"to": "no_such_app zero"}, "'no_such_app'"),
        ({"to": "2.4.0", "accept": "half an acceptance"}, "line 1"),
        ({"to": "2.4.0", "backup": "x.dump"}, "contains no 'x.dump'"),
        ({"to": "2.4.0", "backup": "Ann | yesterday | snap"}, "no time with a time zone"),
    ],
)
def test_rollback_job_invalid_input_is_an_error_without_traceback(rest, data, fragment):
    id_ = rest.start_job(ROLLBACK, data)
    messages = " ".join(entry["message"] for entry in rest.follow_job(id_))
    assert fragment in messages.replace("\\", "")
    assert "Traceback" not in messages


def test_rollback_form_shows_labels_and_help(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(ROLLBACK)['id']}/run/")
    for label in form_labels(RollbackPlanner):
        assert label in page
