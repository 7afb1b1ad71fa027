"""Runs of the Jobs, carried out on the spot: who may do what, and which snapshot is found again."""

import json
from inspect import signature

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client, override_settings
from nautobot.extras.models import Job, JobResult
from nautobot.users.models import ObjectPermission, User

from nautobot_upgrade_jobs.app_settings import UsageError

pytestmark = [pytest.mark.live, pytest.mark.lines]


@pytest.fixture(autouse=True)
def _own_database(clone):
    with clone("sample"):
        JobResult.objects.all().delete()
        Job.objects.filter(module_name__startswith="nautobot_upgrade_jobs.jobs.").update(
            enabled=True
        )
        yield


def run(kind, user=None, **fields):
    model = Job.objects.get(job_class_name=kind, module_name__startswith="nautobot_upgrade_jobs.")
    user = user or User.objects.get(username="admin")
    by_name = "job_kwargs" in signature(JobResult.execute_job).parameters  # since 3.0
    result = JobResult.execute_job(model, user, **({"job_kwargs": fields} if by_name else fields))
    result.refresh_from_db()
    return result


def log_of(result):
    return [entry.message for entry in result.job_log_entries.all()]


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
def test_who_may_accept_and_build_is_asked_of_the_job_that_runs(where, may, monkeypatch):
    seen = []

    def asked(request, _):
        seen.append(request)
        raise UsageError("this is all that was to be known")

    monkeypatch.setattr("nautobot_upgrade_jobs.jobs.preflight.run_preflight", asked)
    user = User.objects.create(username="somebody", is_superuser=where == ADMIN)
    for action in () if where == ADMIN else ("accept_findings", "build_target"):
        user = grant(user, action, where)
    run("Preflight", user)
    (request,) = seen
    assert (request.may_accept, request.may_build) == (may, may)


@override_settings(JOB_CREATE_FILE_MAX_SIZE=1000)
def test_a_snapshot_that_could_not_be_kept_is_not_complete():
    result = run("CaptureSnapshot", depth="keys")
    assert (result.status, result.result["verdict"]) == ("FAILURE", "incomplete")
    assert result.result["files"] == []
    assert any(
        "Raise JOB\\_CREATE" in line or "Raise JOB_CREATE" in line for line in log_of(result)
    )


def test_a_snapshot_that_the_storage_has_lost_is_a_clear_line_and_an_older_one_is_found():
    _, newer = capture(), capture()
    proxy = newer.files.get()
    proxy.file.storage.delete(proxy.file.name)
    named = run("CompareSnapshots", before=str(newer.pk))
    assert named.result["verdict"] == "error"
    assert f"{proxy.name}: it cannot be read" in named.result["error"]
    found = run("CompareSnapshots")
    assert "cannot be read" in " ".join(log_of(found))
    assert found.result["verdict"] != "error"


def test_without_an_earlier_snapshot_only_what_was_captured_is_promised():
    alone = capture()
    first = run("CompareSnapshots", after=str(alone.pk))
    assert first.result == {"verdict": "incomplete", "files": []}
    assert not any("next run compares" in line for line in log_of(first))
    alone.delete()
    first = run("CompareSnapshots")
    assert len(first.result["files"]) == 1
    assert any("the next run compares with this one" in line for line in log_of(first))


@pytest.mark.parametrize("kind", ["CompareSnapshots", "VerifyMigrations", "RollbackPlanner"])
def test_a_job_of_another_name_leaves_snapshots_that_are_offered(kind, rest_client):
    Job.objects.filter(job_class_name="CaptureSnapshot").update(
        name="Our own name", name_override=True
    )
    made = capture()
    field = {"RollbackPlanner": "snapshot_result"}.get(kind, "before")
    model = Job.objects.get(job_class_name=kind)
    asked = model.job_class().as_form().fields[field].widget.attrs
    keys = json.loads(asked["data-query-param-job_model"])
    listed = rest_client.get("/api/extras/job-results/", {"job_model": keys}).json()["results"]
    assert [one["id"] for one in listed] == [str(made.pk)]


@pytest.fixture
def rest_client():
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    return client
