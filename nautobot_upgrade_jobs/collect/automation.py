"""Collect Jobs, queues, schedules, hooks and Git repositories.

Queries read only columns that every supported release has, so they work while code and schema
differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from nautobot.extras.jobs import get_jobs
from nautobot.extras.models import (
    GitRepository,
    Job,
    JobButton,
    JobHook,
    JobQueue,
    ScheduledJob,
    Webhook,
)

from ..common.urls import shorten_urls
from ..facts import Automation, Listing
from .context import Context, attempt


def collect(_: Context) -> Automation:
    """Read the Job registry and the rows of Jobs, queues, schedules, hooks and repositories."""
    return Automation(
        registry=Listing(dict.fromkeys(filter(is_packaged_job, get_jobs()), "loaded")),
        jobs=attempt(lambda: Listing(dict(map(_describe_job, Job.objects.values(*JOB_COLUMNS))))),
        queues=attempt(lambda: Listing(dict(JobQueue.objects.values_list("name", "queue_type")))),
        schedules=attempt(
            lambda: Listing(
                dict(map(_describe_schedule, ScheduledJob.objects.values(*SCHEDULE_COLUMNS)))
            )
        ),
        hooks=attempt(lambda: Listing(dict(_describe_hooks()))),
        git_repositories=attempt(
            lambda: Listing(
                dict(map(_describe_repository, GitRepository.objects.values(*GIT_COLUMNS)))
            )
        ),
    )


JOB_COLUMNS = ("module_name", "job_class_name", "name", "grouping", "installed", "enabled")
SCHEDULE_COLUMNS = ("name", "task", "interval", "crontab", "enabled", "user__username")
GIT_COLUMNS = ("slug", "branch", "current_head", "remote_url")


def is_packaged_job(class_path: str) -> bool:
    """Return whether Nautobot or an App provides a Job. Only workers load other Jobs."""
    return any(class_path.startswith(f"{config.name}.") for config in apps.get_app_configs())


def _describe_job(row: dict[str, Any]) -> tuple[str, str]:
    state = ["installed" if row["installed"] else "not installed"]
    state += ["enabled" if row["enabled"] else "disabled", f"{row['grouping']} / {row['name']}"]
    return f"{row['module_name']}.{row['job_class_name']}", ", ".join(state)


def _describe_schedule(row: dict[str, Any]) -> tuple[str, str]:
    interval = " ".join(filter(None, (row["interval"], row["crontab"])))
    state = "enabled" if row["enabled"] else "disabled"
    user = row["user__username"] or "no user"
    return f"{row['name']} ({row['task']})", f"{state}, {interval}, as {user}"


def _describe_hooks() -> Iterable[tuple[str, str]]:
    for kind, model in (("job hook", JobHook), ("webhook", Webhook)):
        for name, enabled in model.objects.values_list("name", "enabled"):
            yield f"{kind} {name}", "enabled" if enabled else "disabled"
    for name, enabled in JobButton.objects.values_list("name", "enabled"):
        yield f"job button {name}", "enabled" if enabled else "disabled"


def _describe_repository(row: dict[str, Any]) -> tuple[str, str]:
    """Describe a repository. Each part of its URL can be a token, except the host and the name."""
    url = urlsplit(str(row["remote_url"]))
    address = shorten_urls(f"{url.scheme}://{url.hostname or ''}{url.path}")
    source = address if url.scheme else "a local path"
    head = row["current_head"] or "no commit"
    return str(row["slug"]), f"{row['branch']} at {head} from {source}"
