"""Runs of the Jobs in this process: permissions, and the snapshots that later runs find."""

import json
import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client, override_settings
from nautobot.extras.models import Job, JobResult
from nautobot.users.models import ObjectPermission, User

from nautobot_upgrade_jobs.checks.registry import all_checks
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.job_registration import jobs as JOBS
from nautobot_upgrade_jobs.jobs.base import FindingLink
from tests.support.own_runs import log_of, own_runs, run  # noqa: F401 - a fixture

pytestmark = [pytest.mark.live, pytest.mark.lines, pytest.mark.usefixtures("own_runs")]


def capture(**fields):
    result = run("CaptureSnapshot", depth="keys", **fields)
    assert result.result["verdict"] == "complete", log_of(result)
    return result


def grant(user, action, constraints=None):
    made = ObjectPermission.objects.create(
        name=f"{user} {action}", actions=[action], constraints=constraints
    )
    made.object_types.set([ContentType.objects.get_for_model(Job)])
    made.users.set([user])
    return User.objects.get(pk=user.pk)


ADMIN = "admin"


@pytest.mark.parametrize(
    ("where", "may"),
    [
        (None, True),
        ({"name": "Preflight"}, True),
        ({"name": "Verify Migrations"}, False),
        ({"name": "No Job"}, False),
        (ADMIN, True),
    ],
)
def test_preflight_job_permissions_apply_to_the_running_job(where, may, monkeypatch):
    requests = []

    def record(request, _):
        requests.append(request)
        raise UsageError("the test needs only the request")

    monkeypatch.setattr("nautobot_upgrade_jobs.jobs.preflight.run_preflight", record)
    user = User.objects.create(username="user-with-grants", is_superuser=where == ADMIN)
    for action in () if where == ADMIN else ("accept_findings", "build_target"):
        user = grant(user, action, where)
    run("Preflight", user)
    (request,) = requests
    assert (request.may_accept, request.may_build) == (may, may)


@override_settings(JOB_CREATE_FILE_MAX_SIZE=1000)
def test_capture_job_oversized_snapshot_is_incomplete():
    result = run("CaptureSnapshot", depth="keys")
    assert (result.status, result.result["verdict"]) == ("FAILURE", "incomplete")
    assert result.result["files"] == []
    log = " ".join(log_of(result)).replace("\\", "")
    assert "JOB_CREATE_FILE_MAX_SIZE" in log


def test_compare_job_missing_snapshot_file_falls_back_to_an_older_one():
    _, newer = capture(), capture()
    proxy = newer.files.get()
    proxy.file.storage.delete(proxy.file.name)
    named = run("CompareSnapshots", before=str(newer.pk))
    assert named.result["verdict"] == "error"
    assert proxy.name in named.result["error"]
    older = run("CompareSnapshots")
    assert proxy.name in " ".join(log_of(older)).replace("\\", "")
    assert older.result["verdict"] != "error"


def test_compare_job_without_earlier_snapshot_is_incomplete():
    alone = capture()
    first = run("CompareSnapshots", after=str(alone.pk))
    assert first.result == {"verdict": "incomplete", "files": []}
    alone.delete()
    second = run("CompareSnapshots")
    assert second.result["verdict"] == "incomplete"
    assert len(second.result["files"]) == 1
    # The message about the next run belongs only to a run that captured a snapshot.
    (without_file,), (with_file,) = (
        [line for line in log_of(one) if "INCOMPLETE" in line] for one in (first, second)
    )
    assert len(without_file) < len(with_file)


@pytest.mark.parametrize("kind", ["CompareSnapshots", "VerifyMigrations", "RollbackPlanner"])
def test_snapshot_fields_offer_runs_of_a_renamed_job(kind, rest_client):
    renamed = Job.objects.get(job_class_name="CaptureSnapshot")
    renamed.name, renamed.name_override = "Our own name", True
    renamed.save()
    made = JobResult.objects.create(name=renamed.name, job_model=renamed, status="SUCCESS")
    field = {"RollbackPlanner": "snapshot_result"}.get(kind, "before")
    model = Job.objects.get(job_class_name=kind)
    attributes = model.job_class().as_form().fields[field].widget.attrs
    keys = json.loads(attributes["data-query-param-job_model"])
    listed = rest_client.get("/api/extras/job-results/", {"job_model": keys}).json()["results"]
    assert [one["id"] for one in listed] == [str(made.pk)]


@pytest.fixture
def rest_client():
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    return client


@pytest.mark.once
@pytest.mark.parametrize("job", JOBS)
def test_job_form_names_existing_checks_in_its_examples(job):
    ids = {check.id for check in all_checks()}
    texts = [field.field_attrs["help_text"] for field in job._get_vars().values()]
    named = {
        found[1] for text in texts for found in re.finditer(r"\b([a-z_]+\.[a-z_]+)[:,.] ?", text)
    }
    topics = {check.partition(".")[0] for check in ids}
    examples = {name for name in named if name.partition(".")[0] in topics}
    assert examples <= ids
    assert examples or not {"exclude", "accept"} & set(job._get_vars())


@pytest.mark.parametrize(
    ("only", "exclude", "status", "verdict", "ran"),
    [
        pytest.param("data.dangling_cables", "", "SUCCESS", "incomplete", 1, id="no finding"),
        pytest.param("target.not_newer", "", "SUCCESS", "incomplete", 1, id="not applicable"),
        pytest.param(
            "redis.unreachable, runtime.unsupported_python", "", "SUCCESS", "incomplete", 2
        ),
        pytest.param("data.dangling_cables", "data.dangling_cables", "FAILURE", "incomplete", 1),
        pytest.param("no.such_check", "", "FAILURE", "error", 0, id="unknown check"),
    ],
)
def test_run_limited_to_some_checks_gives_no_verdict(only, exclude, status, verdict, ran):
    result = run("Preflight", target="3.2.7", only=only, exclude=exclude)
    assert (result.status, result.result["verdict"]) == (status, verdict), log_of(result)
    if not ran:
        return
    assert result.result["headline"].startswith(f"Only {ran} check")
    (file,) = result.files.filter(name__endswith=".json")
    report = json.loads(file.file.read())
    assert [one["check"] for one in report["checks"]] == sorted(only.split(", "))
    assert report["only"] == sorted(only.split(", "))
    assert report["steps"] == []
    assert not result.files.filter(name__in=["upgrade.sh", "upgrade-plan.md", "constraints.txt"])
    client = Client()
    client.force_login(User.objects.get(username=ADMIN))
    answered = client.get("/api/plugins/upgrade-jobs/status/").json()
    assert answered["jobs"]["preflight"] is None
    assert answered["targets"] == {}


def test_run_limited_to_a_check_with_a_blocker_fails():
    result = run("Preflight", target="1.0.0", only="target.not_newer")
    assert (result.status, result.result["verdict"]) == ("FAILURE", "blocked"), log_of(result)
    assert result.result["findings"]["blocker"] == 1


def test_log_lines_link_to_the_pages_of_their_findings():
    result = run("Preflight", target="1.0.0", only="target.not_newer")
    client = Client()
    client.force_login(User.objects.get(username=ADMIN))
    linked = [entry for entry in result.job_log_entries.all() if entry.log_object == "Finding"]
    assert linked
    for entry in linked:
        answer = client.get(entry.absolute_url)
        assert answer.status_code == 200
        assert "target.not_newer" in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "page"), [("x" * 50, "finding/?key=xxx"), ("x" * 500, "findings/")]
)
def test_long_key_links_to_all_findings(key, page):
    run_key = "3f0c9a6e-0000-4000-8000-000000000000"
    assert page in FindingLink(run_key, key).get_absolute_url()
