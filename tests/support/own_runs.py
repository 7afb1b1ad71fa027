"""Runs of the Jobs in this process, in a database of their own."""

from inspect import signature

import pytest
from nautobot.extras.models import Job, JobResult
from nautobot.users.models import User


@pytest.fixture
def own_runs(clone, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)
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
