"""Compare Snapshots as an operator starts it: by REST, by form, from a shell, without Nautobot."""

import gzip
import json
import os
import subprocess
import sys
import uuid
from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest

from development.rest import Rest
from development.venvs import REPOSITORY
from nautobot_upgrade_jobs.facts import TableFingerprints
from nautobot_upgrade_jobs.jobs.compare import CompareSnapshots
from nautobot_upgrade_jobs.report.formats.json import load_schema
from nautobot_upgrade_jobs.snapshot.file_format import dump, load
from tests.support.command import upgrade_jobs
from tests.support.nautobot import form_labels

pytestmark = [pytest.mark.lines, pytest.mark.slow]

CAPTURE = "nautobot_upgrade_jobs.jobs.capture.CaptureSnapshot"
COMPARE = "nautobot_upgrade_jobs.jobs.compare.CompareSnapshots"


@pytest.fixture(scope="module")
def captured(rest):
    """The JobResult of a Capture Snapshot, and its file."""
    result = rest.run_job(CAPTURE)
    assert result["status"]["value"] == "SUCCESS", result["result"]
    ((name, data),) = rest.files(result["id"]).items()
    return result["id"], name, data


@pytest.fixture
def files(captured, tmp_path):
    """The snapshot, the same an hour later, and one in which a row of dcim_device is missing."""
    _, name, data = captured
    created = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat(timespec="seconds")
    later = dump(replace(load(data), created=created))
    contents = {name: data, "later.json.gz": later, "lost.json.gz": with_a_row_lost(later)}
    for file, content in contents.items():
        (tmp_path / file).write_bytes(content)
    return [str(tmp_path / file) for file in contents]


def with_a_row_lost(data):
    snapshot = load(data)
    contents = snapshot.facts.fingerprints
    assert isinstance(contents, TableFingerprints)
    devices = contents.tables["dcim_device"]
    fewer = replace(devices, rows=devices.rows - 1, key_fingerprint="0" * 16)
    tables = contents.tables | {"dcim_device": fewer}
    facts = replace(snapshot.facts, fingerprints=replace(contents, tables=tables))
    return dump(replace(snapshot, facts=facts))


def report_of(rest, result):
    files = rest.files(result["id"])
    document = json.loads(
        next(data for name, data in files.items() if name.startswith("compare") and "json" in name)
    )
    jsonschema.validate(document, load_schema())
    return files, document


@pytest.mark.lines
def test_compare_rest_without_fields_uses_the_newest_snapshot(rest, captured):
    result = rest.run_job(COMPARE)
    assert (result["status"]["value"], result["result"]["verdict"]) == ("SUCCESS", "go"), result[
        "result"
    ]
    files, document = report_of(rest, result)
    assert document["findings"] == []
    assert {name.partition("-")[0] for name in files} == {"compare", "snapshot"}
    assert sorted(result["result"]["files"]) == sorted(files)
    again = rest.run_job(COMPARE)
    assert report_of(rest, again)[1]["findings"] == []  # with the snapshot of the run before
    assert again["result"]["verdict"] == "go"


@pytest.mark.once
def test_compare_rest_by_job_results_uses_their_snapshots(rest, captured):
    later = rest.run_job(CAPTURE)["id"]
    result = rest.run_job(COMPARE, {"before": captured[0], "after": later})
    assert result["result"]["verdict"] == "go"
    files, document = report_of(rest, result)
    assert document["changes"] == []
    assert not any(name.startswith("snapshot") for name in files)
    by_itself = rest.run_job(COMPARE, {"before": later, "after": later})
    assert by_itself["result"]["verdict"] == "error"
    assert "the same snapshot" in by_itself["result"]["error"]
    of_before = rest.run_job(COMPARE, {"after": later})  # not with itself
    assert of_before["result"]["verdict"] == "go"


@pytest.mark.once
@pytest.mark.parametrize("which", ["before", "after"])
def test_compare_run_without_snapshot_is_an_error_without_traceback(rest, which):
    path = "/api/extras/jobs/?name=Preflight"
    assert rest.get(path)["count"] == 1
    preflight = rest.run_job("nautobot_upgrade_jobs.jobs.preflight.Preflight")
    result = rest.run_job(COMPARE, {which: preflight["id"]})
    assert (result["status"]["value"], result["result"]["verdict"]) == ("FAILURE", "error")
    assert preflight["id"] in result["result"]["error"]
    assert not result["traceback"]


def upload(rest, **files):
    """Start the Job with files, as a client of REST does: multipart."""
    mark = uuid.uuid4().hex
    body = b""
    for name, (file, data) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
        body += f"--{mark}\r\n{head}\r\nContent-Type: application/gzip\r\n\r\n".encode()
        body += data + b"\r\n"
    import urllib.request

    request = urllib.request.Request(
        f"{rest.url}/api/extras/jobs/{rest.job(COMPARE)['id']}/run/",
        body + f"--{mark}--\r\n".encode(),
        {**rest.headers, "Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        started = json.loads(answer.read())["job_result"]["id"]
    for _ in rest.follow_job(started):
        pass
    return rest.get(f"/api/extras/job-results/{started}/")


@pytest.fixture
def runner_only(rest):
    """A client of a temporary user who may only run Jobs."""
    name, paths = f"runner-{uuid.uuid4().hex}", []

    def make(path, data):
        paths.append(f"{path}{(created := rest.post(path, data))['id']}/")
        return created["id"]

    user = make("/api/users/users/", {"username": name, "password": name})
    for kind, actions in (("extras.job", ["view", "run"]), ("users.token", ["view", "add"])):
        permission = {"name": f"{name} {kind}", "object_types": [kind], "actions": actions}
        make("/api/users/permissions/", {**permission, "users": [user]})
    client = Rest(rest.url, "")
    client.headers["Authorization"] = f"Basic {b64encode(f'{name}:{name}'.encode()).decode()}"
    yield Rest(rest.url, client.post("/api/users/tokens/", {})["key"])
    for path in reversed(paths):
        rest.fetch(path, method="DELETE")
    rest.run_job(CAPTURE)  # later comparisons start from a snapshot without this user


@pytest.mark.lines
def test_compare_without_permission_reveals_no_snapshot(rest, runner_only, captured):
    run = captured[0]
    for data in ({}, {"before": run}, {"before": run, "after": run}):
        id_ = runner_only.start_job(COMPARE, data)
        messages = " ".join(entry["message"] for entry in rest.follow_job(id_))
        assert "snapshot" in messages
        assert "Traceback" not in messages
        assert rest.get(f"/api/extras/job-results/{id_}/")["status"]["value"] == "FAILURE"
        assert not [name for name in rest.files(id_) if name.startswith("compare-")]


@pytest.mark.lines
def test_compare_uploaded_files_reports_lost_rows(rest, captured):
    _, name, data = captured
    result = upload(
        rest, before_file=(name, data), after_file=("lost.json.gz", with_a_row_lost(data))
    )
    assert (result["status"]["value"], result["result"]["verdict"]) == ("FAILURE", "blocked")
    _, document = report_of(rest, result)
    assert [(one["kind"], one["subject"]) for one in document["changes"]] == [
        ("lost", "dcim_device")
    ]


@pytest.mark.once
@pytest.mark.parametrize("data", [b"hello", gzip.compress(b"{}"), b"\x1f\x8b"])
def test_compare_hostile_upload_is_an_error_without_traceback(rest, data):
    result = upload(rest, before_file=("evil.json.gz", data))
    assert (result["status"]["value"], result["result"]["verdict"]) == ("FAILURE", "error")
    assert "'before'" in result["result"]["error"]
    assert not result["traceback"]


@pytest.mark.lines
def test_compare_form_shows_labels_and_help(rest, browser):
    _, page = browser.open(f"/extras/jobs/{rest.job(COMPARE)['id']}/run/")
    for label in form_labels(CompareSnapshots):
        assert label in page


def shell(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=REPOSITORY)


def module(*words):
    return shell(sys.executable, "-m", "nautobot_upgrade_jobs", *words)


BOTH = pytest.mark.parametrize("program", [upgrade_jobs, module], ids=["server", "module"])


@pytest.mark.once
@BOTH
def test_compare_command_with_files_sets_exit_codes(program, files, tmp_path):
    older, later, lost = files
    same = program("compare", older, later)
    assert (same.returncode, "GO:" in same.stdout) == (0, True), same.stdout + same.stderr
    words = ("compare", older, lost, "--format", "json", "--output", str(tmp_path / "out"))
    done = program(*words)
    assert done.returncode == 2
    assert json.loads(done.stdout)["verdict"] == "blocked"
    assert len(list((tmp_path / "out").iterdir())) == 5
    for wrong in (older, later):
        refused = program("compare", wrong, older)
        assert (refused.returncode, "snapshot" in refused.stderr) == (1, True)


@pytest.mark.once
@BOTH
@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        (("compare",), "the following arguments are required: before"),
        (("compare", "/nowhere.json.gz", "/nowhere.json.gz"), "/nowhere.json.gz: No such file"),
        (("compare", "/etc/hostname", "/etc/hostname"), "/etc/hostname"),
        (("compare", "/etc", "/etc"), "Is a directory"),
    ],
)
def test_compare_command_usage_error_exits_with_1(program, words, fragment):
    done = program(*words)
    assert (done.returncode, fragment in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr


def test_compare_module_loads_no_nautobot(files):
    older, later, _ = files
    code = (
        "import sys, runpy; sys.argv = ['x', 'compare', *sys.argv[1:]]\n"
        "try: runpy.run_module('nautobot_upgrade_jobs', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('django', 'nautobot', 'celery') if name in sys.modules])"
    )
    done = shell(sys.executable, "-c", code, older, later)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.once
def test_compare_command_with_one_file_captures_the_current_state(files):
    older, *_ = files
    environment = {"NAUTOBOT_DB_NAME": "nautobot", "STACK_CACHE": "1", "STACK_BROKER": "0"}
    done = subprocess.run(
        ["nautobot-server", "upgrade_jobs", "compare", older],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert (done.returncode, "GO:" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.once
@pytest.mark.usefixtures("captured")
def test_compare_schedule_reports_changes_since_the_last_snapshot(rest):
    """The schedule itself is new since the previous snapshot, so the report contains it."""
    result = rest.run_scheduled(COMPARE)
    assert (result["status"]["value"], result["result"]["verdict"]) == ("SUCCESS", "caution")
    _, document = report_of(rest, result)
    subjects = {one["subject"].partition(".")[0] for one in document["findings"]}
    assert "extras_scheduledjob" in subjects
