"""Query the runs of this App's Jobs that a user may view."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.urls import reverse
from nautobot.extras.models import Job, JobLogEntry, JobResult

from ..permissions import ACCEPT_FINDINGS, has_job_permission
from .job_outcome import JobOutcome, parse_outcome
from .next_steps import JOBS, RERUN, NextStep, suggest_next_steps

logger = logging.getLogger(__name__)
JOBS_MODULE = f"{__package__.rpartition('.')[0]}.jobs."
PROGRESS_GROUPING = "collect"
"""Grouping of the log entries that say what a run is doing."""
KINDS_BY_CLASS = {name.replace(" ", ""): kind for kind, name in JOBS.items()}
"""Kinds of this App's Jobs by class name."""


@dataclass(frozen=True)
class Link:
    """A link to a next step."""

    label: str
    url: str


@dataclass(frozen=True)
class Run:
    """One run of a Job of this App."""

    key: str
    kind: str
    outcome: JobOutcome
    created: datetime
    ended: datetime | None
    user: str
    fields: dict[str, str]
    """Text values of the form, by field."""

    @property
    def title(self) -> str:
        """The Job's name."""
        return JOBS[self.kind]

    @property
    def url(self) -> str:
        """URL of the run's page."""
        return reverse("extras:jobresult", kwargs={"pk": self.key})


def get_job_kind(result: JobResult) -> str:
    """Return the kind of the Job that ran. Empty if it is not a Job of this App."""
    job = result.job_model
    if job is None or not job.module_name.startswith(JOBS_MODULE):
        return ""
    return KINDS_BY_CLASS.get(job.job_class_name, "")


def parse_run(result: JobResult) -> Run | None:
    """Return a JobResult as a run. None if it is not of a Job of this App."""
    kind = get_job_kind(result)
    if not kind:
        return None
    fields = result.task_kwargs if isinstance(result.task_kwargs, dict) else {}
    return Run(
        str(result.pk),
        kind,
        parse_outcome(result.status, result.result),
        result.date_created,
        result.date_done,
        str(result.user or ""),
        {name: value for name, value in fields.items() if isinstance(value, str)},
    )


def query_job_keys() -> dict[str, list[Any]]:
    """Return the primary keys of this App's Jobs by kind.

    Queries of results filter by these keys. If they filtered by the Job's name, the database would
    read all results of an installation that has never run the Job.
    """
    keys: dict[str, list[Any]] = {kind: [] for kind in JOBS}
    jobs = Job.objects.filter(
        module_name__startswith=JOBS_MODULE, job_class_name__in=list(KINDS_BY_CLASS)
    )
    for name, key in jobs.values_list("job_class_name", "pk"):
        keys[KINDS_BY_CLASS[name]].append(key)
    return keys


def exclude_partial_runs(results: QuerySet[JobResult]) -> QuerySet[JobResult]:
    """Leave out the runs that were limited to some checks. They answer for no target.

    A run that crashed has only the fields of its form.
    """
    # MySQL returns the text `null` for a JSON null.
    asked = Coalesce(KT("task_kwargs__only"), Value(""), output_field=TextField())
    answered = Q(result__has_key="verdict")
    full = (answered & ~Q(result__has_key="only")) | (~answered & Q(asked__in=("", "null")))
    return results.alias(asked=asked).filter(full)


def query_visible_results(user: Any, *kinds: str) -> QuerySet[JobResult]:
    """Return the results of this App's Jobs that a user may view, newest first."""
    keys = [
        key
        for kind, job_keys in query_job_keys().items()
        if kind in (kinds or JOBS)
        for key in job_keys
    ]
    return (
        JobResult.objects.restrict(user, "view")
        .filter(job_model__in=keys)
        .select_related("job_model", "user")
        .order_by("-date_created")
    )


def iter_runs(
    user: Any,
    kind: str = "",
    limit: int | None = None,
    *,
    target: str = "",
    before: datetime | None = None,
) -> Iterator[Run]:
    """Yield the runs that a user may view, newest first.

    Args:
        user: The user of the page.
        kind: Kind of the Job. Runs that were limited to some checks are then left out.
        limit: Number of runs. None for all.
        target: Only runs for this target. Blank for all.
        before: Only runs that were created before this time.
    """
    results = query_visible_results(user, *filter(None, [kind]))
    if kind:
        results = exclude_partial_runs(results)
    if target:
        results = results.filter(result__target_version=target)
    if before:
        results = results.filter(date_created__lt=before)
    for result in results[:limit]:
        if run := parse_run(result):
            yield run


def last_log_message(run: Run, user: Any) -> str:
    """Return what a run does. Empty if the user may not view the log.

    The lines of the report, which the run writes at its end, do not count.
    """
    entries = JobLogEntry.objects.restrict(user, "view").filter(
        job_result=run.key, grouping=PROGRESS_GROUPING
    )
    newest = entries.order_by("-created").first()
    return newest.message[:200] if newest else ""


def runnable_jobs(user: Any) -> dict[str, str]:
    """Return the primary keys of the Jobs that a user may run, by kind."""
    jobs = Job.objects.restrict(user, "run").filter(
        module_name__startswith=JOBS_MODULE,
        job_class_name__in=list(KINDS_BY_CLASS),
        installed=True,
        enabled=True,
    )
    return {KINDS_BY_CLASS[job.job_class_name]: str(job.pk) for job in jobs}


def can_accept_findings(user: Any) -> bool:
    """Return whether a user may accept findings of Preflight."""
    return has_job_permission(user, ACCEPT_FINDINGS, pk__in=query_job_keys()["preflight"])


def list_url() -> str:
    """Return the URL of Nautobot's list of results, filtered by this App's Jobs."""
    keys = [("job_model", key) for job_keys in query_job_keys().values() for key in job_keys]
    return f"{reverse('extras:jobresult_list')}?{urlencode(keys)}" if keys else ""


def form_url(job: str, fields: Mapping[str, str]) -> str:
    """Return the URL of a Job's form with the given field values."""
    query = {
        ("kwargs_from_job_result" if name == RERUN else name): value
        for name, value in fields.items()
    }
    url = reverse("extras:job_run", kwargs={"pk": job})
    return f"{url}?{urlencode(query)}" if query else url


def build_links(run: Run, jobs: dict[str, str]) -> tuple[Link, ...]:
    """Return links to the next steps after a run, for the Jobs that a user may run."""
    steps = suggest_next_steps(run.kind, run.outcome, run.key, run.fields)
    return tuple(build_link(step, jobs) for step in steps if step.kind in jobs)


def build_link(step: NextStep, jobs: dict[str, str]) -> Link:
    """Return the link for a step."""
    return Link(step.label, form_url(jobs[step.kind], step.fields))


def get_latest_verdicts(user: Any, request: Any) -> dict[str, dict[str, Any] | None]:
    """For each Job, return the newest run whose result the user may view, as JSON types."""
    return {kind: serialize_run(next(iter_runs(user, kind, 1), None), request) for kind in JOBS}


def serialize_run(run: Run | None, request: Any) -> dict[str, Any] | None:
    """Return a run as JSON types. None if there is no run."""
    if run is None:
        return None
    return {
        "verdict": run.outcome.verdict,
        "current": run.outcome.current,
        "target": run.outcome.target,
        "target_version": run.outcome.target_version,
        "findings": run.outcome.counts,
        "not_checked": run.outcome.not_checked,
        "created": run.created.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "job_result": run.key,
        "url": request.build_absolute_uri(run.url),
    }
