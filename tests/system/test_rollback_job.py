"""Rollback Planner as an operator starts it: by REST and by form, on a real worker."""

import json

import jsonschema
import pytest

from nautobot_upgrade_jobs.report.formats.json import load_schema

pytestmark = pytest.mark.lines

CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
ROLLBACK = "nautobot_upgrade_jobs.jobs.rollback.RollbackPlanner"


def test_back_to_a_snapshot(rest):
    before = rest.run_job(CAPTURE)["id"]
    result = rest.run_job(ROLLBACK, {"snapshot_result": before})
    assert result["status"]["value"] == "SUCCESS", result["result"]
    files = rest.files(result["id"])
    assert {name.rpartition(".")[2] for name in files} == {"html", "md", "json", "sh", "txt"}
    document = json.loads(next(text for name, text in files.items() if name.endswith(".json")))
    jsonschema.validate(document, load_schema())
    assert (document["kind"], document["ways"]["advised"]) == ("rollback", "nothing")
    logs = rest.all(f"/api/extras/job-results/{result['id']}/logs/")
    assert {"ways", "rollback", "summary"} <= {entry["grouping"] for entry in logs}


def test_back_to_a_release_by_a_way_that_was_asked_for(rest):
    result = rest.run_job(ROLLBACK, {"to": "2.4.0", "way": "reverse"})
    assert result["result"]["verdict"] in ("caution", "blocked")
    document = json.loads(
        next(text for name, text in rest.files(result["id"]).items() if name.endswith(".json"))
    )
    assert document["ways"]["chosen"] == "reverse"
    assert any(" migrate " in one for step in document["steps"] for one in step["commands"])


@pytest.mark.once
@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "Name the state to go back to"),
        ({"to": "nobody zero"}, "No App 'nobody' with migrations is on disk"),
        ({"to": "2.4.0", "accept": "half an acceptance"}, "Accept line 1"),
    ],
)
def test_bad_input_is_a_clear_line(rest, data, says):
    id_ = rest.start_job(ROLLBACK, data)
    messages = " ".join(entry["message"] for entry in rest.follow_job(id_))
    assert says in messages.replace("\\", "")
    assert "Traceback" not in messages


def test_the_form_explains_itself(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(ROLLBACK)['id']}/run/")
    for text in ("Rollback Planner", "Back to: the result of a run", "the advised one"):
        assert text in page
