"""Verify Migrations as an operator starts it: by REST, by form, from a shell."""

import json
import os
import subprocess

import jsonschema
import pytest

from nautobot_upgrade_jobs.report.formats.json import load_schema

pytestmark = pytest.mark.once

CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
VERIFY = "nautobot_upgrade_jobs.jobs.verify.VerifyMigrations"


def document_of(rest, result):
    (name,) = [name for name in result["result"]["files"] if name.endswith(".json")]
    document = json.loads(rest.files(result["id"])[name])
    jsonschema.validate(document, load_schema())
    return document


def test_rest_without_any_field(rest):
    result = rest.run_job(VERIFY)
    assert result["status"]["value"] == "SUCCESS", result["result"]
    document = document_of(rest, result)
    assert (document["kind"], document["verdict"]) == ("verify", result["result"]["verdict"])
    assert document["not_checked"] == []
    # Only what the sample lacks: nobody has collected its static files.
    keys = {one["key"].partition(":")[0] for one in document["findings"]}
    assert keys <= {"post_upgrade.outdated_static_files", "post_upgrade.stale_group_members"}


def test_with_a_snapshot_it_also_says_that_nothing_was_lost(rest):
    before = rest.run_job(CAPTURE)["id"]
    result = rest.run_job(VERIFY, {"before": before})
    assert result["status"]["value"] == "SUCCESS", result["result"]
    document = document_of(rest, result)
    assert document["baseline"]
    assert {"contents.changes", "schema.columns", "schema.drift"} <= {
        one["check"] for one in document["checks"]
    }


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"expectations": "all Jobs are there"}, "Expectation, line 1"),
        ({"exclude": "no.such_check"}, "No such check: no.such_check"),
        ({"accept": "half an acceptance"}, "Accept line 1"),
        ({"before": "a run"}, "has no snapshot that you may see"),
    ],
)
def test_bad_input_is_a_clear_line(rest, data, says):
    if "before" in data:
        data = {"before": rest.run_job("sample_jobs.Greet", {"greeting": "hi"})["id"]}
    id_ = rest.start_job(VERIFY, data)
    messages = " ".join(entry["message"] for entry in rest.follow_job(id_))
    assert says in messages.replace("\\", "")
    assert "Traceback" not in messages


def test_what_was_named_and_is_not_there_fails_the_run(rest):
    result = rest.run_job(VERIFY, {"expectations": "panel No such panel"})
    assert (result["status"]["value"], result["result"]["verdict"]) == ("FAILURE", "blocked")
    assert result["result"]["top"][0]["key"] == "expectations.unmet:panel No such panel"


def test_the_form_explains_itself(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(VERIFY)['id']}/run/")
    for text in ("Verify Migrations", "Before the upgrade", "What is to be there", "app nautobot_"):
        assert text in page


def test_from_a_shell(tmp_path):
    environment = {"NAUTOBOT_DB_NAME": "nautobot", "STACK_CACHE": "1", "STACK_BROKER": "0"}
    asked = ["--expect", "panel Organization", "--exclude", "post_upgrade.outdated_static_files"]
    done = subprocess.run(
        ["nautobot-server", "upgrade_jobs", "verify", "--output", str(tmp_path), *asked],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 3, done.stdout + done.stderr  # something was left out
    assert "INCOMPLETE" in done.stdout
    assert {path.suffix for path in tmp_path.iterdir()} == {".html", ".md", ".json"}
