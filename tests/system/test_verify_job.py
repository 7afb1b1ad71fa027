"""Verify Migrations by REST, by form and from a shell."""

import json
import os
import subprocess

import jsonschema
import pytest

from nautobot_upgrade_jobs.jobs.verify import VerifyMigrations
from nautobot_upgrade_jobs.report.formats.json import load_schema
from tests.support.nautobot import form_labels

pytestmark = [pytest.mark.once, pytest.mark.newest]

CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
VERIFY = "nautobot_upgrade_jobs.jobs.verify.VerifyMigrations"


def document_of(rest, result):
    (name,) = [name for name in result["result"]["files"] if name.endswith(".json")]
    document = json.loads(rest.files(result["id"])[name])
    jsonschema.validate(document, load_schema())
    return document


def test_verify_rest_without_fields_checks_everything(rest):
    result = rest.run_job(VERIFY)
    assert result["status"]["value"] == "SUCCESS", result["result"]
    document = document_of(rest, result)
    assert (document["kind"], document["verdict"]) == ("verify", result["result"]["verdict"])
    assert document["not_checked"] == []
    # The sample has no collected static files.
    keys = {one["key"].partition(":")[0] for one in document["findings"]}
    assert keys <= {"post_upgrade.outdated_static_files", "post_upgrade.stale_group_members"}


def test_verify_rest_with_snapshot_compares_with_the_baseline(rest):
    before = rest.run_job(CAPTURE)["id"]
    result = rest.run_job(VERIFY, {"before": before})
    assert result["status"]["value"] == "SUCCESS", result["result"]
    document = document_of(rest, result)
    assert document["baseline"]
    assert {"fingerprints.changes", "schema.columns", "schema.drift"} <= {
        one["check"] for one in document["checks"]
    }


@pytest.mark.parametrize(
    ("data", "fragment"),
    [
        ({"expectations": "all Jobs are there"}, "line 1"),
        ({"exclude": "no.such_check"}, "no.such_check"),
        ({"accept": "half an acceptance"}, "line 1"),
        ({"before": "a run"}, "snapshot"),
    ],
)
def test_verify_invalid_input_is_an_error_without_traceback(rest, data, fragment):
    if "before" in data:
        data = {"before": rest.run_job("sample_jobs.Greet", {"greeting": "hi"})["id"]}
    id_ = rest.start_job(VERIFY, data)
    messages = " ".join(entry["message"] for entry in rest.follow_job(id_))
    assert fragment in messages.replace("\\", "")
    assert "Traceback" not in messages


def test_verify_unmet_expectation_fails_the_run(rest):
    result = rest.run_job(VERIFY, {"expectations": "panel No such panel"})
    assert (result["status"]["value"], result["result"]["verdict"]) == ("FAILURE", "blocked")
    assert result["result"]["top"][0]["key"] == "expectations.unmet:panel No such panel"


def test_verify_form_shows_labels_and_help(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(VERIFY)['id']}/run/")
    for label in form_labels(VerifyMigrations):
        assert label in page


def test_verify_command_with_excluded_check_is_incomplete(tmp_path):
    environment = {"NAUTOBOT_DB_NAME": "nautobot", "STACK_CACHE": "1", "STACK_BROKER": "0"}
    options = ["--expect", "panel Organization", "--exclude", "post_upgrade.outdated_static_files"]
    done = subprocess.run(
        ["nautobot-server", "upgrade_jobs", "verify", "--output", str(tmp_path), *options],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 3, done.stdout + done.stderr  # a check was excluded
    assert "INCOMPLETE" in done.stdout
    assert {path.suffix for path in tmp_path.iterdir()} == {".html", ".md", ".json", ".csv", ".txt"}
