"""Runs of our Jobs, as far as the one who looks may see them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from nautobot.extras.models import FileProxy, Job, JobLogEntry, JobResult

from ..permissions import ACCEPT_FINDINGS, has_job_permission
from .job_outcome import JobOutcome, parse_outcome
from .next_steps import JOBS, RERUN, NextStep, suggest_next_steps

logger = logging.getLogger(__name__)
JOBS_MODULE = f"{__package__.rpartition('.')[0]}.jobs."
KINDS_BY_CLASS = {name.replace(" ", ""): kind for kind, name in JOBS.items()}
"""Our Jobs by the name of their class."""


@dataclass(frozen=True)
class Attachment:
    """A file of a run."""

    key: str
    name: str

    @property
    def url(self) -> str:
        """Where it can be had."""
        return reverse("extras-api:fileproxy-download", kwargs={"pk": self.key})


@dataclass(frozen=True)
class Link:
    """A next step that can be clicked."""

    label: str
    url: str


@dataclass(frozen=True)
class Run:
    """One run of one of our Jobs."""

    key: str
    kind: str
    outcome: JobOutcome
    created: datetime
    ended: datetime | None
    user: str
    fields: dict[str, str]
    """What the form was filled with."""

    @property
    def title(self) -> str:
        """The Job's name."""
        return JOBS[self.kind]

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("extras:jobresult", kwargs={"pk": self.key})


def get_job_kind(result: JobResult) -> str:
    """Return which of our Jobs has run; nothing if it was none of them."""
    job = result.job_model
    if job is None or not job.module_name.startswith(JOBS_MODULE):
        return ""
    return KINDS_BY_CLASS.get(job.job_class_name, "")


def parse_run(result: JobResult) -> Run | None:
    """Return a result as a run of ours; None if it is no such thing."""
    kind = get_job_kind(result)
    if not kind:
        return None
    given = result.task_kwargs if isinstance(result.task_kwargs, dict) else {}
    return Run(
        str(result.pk),
        kind,
        parse_outcome(result.status, result.result),
        result.date_created,
        result.date_done,
        str(result.user or ""),
        {name: value for name, value in given.items() if isinstance(value, str)},
    )


def query_job_keys() -> dict[str, list[Any]]:
    """Return the keys of our Jobs' records by kind.

    Results are asked for by these: a condition on the Job's name would make the database read
    every result of an installation that has not run the Job.
    """
    found: dict[str, list[Any]] = {kind: [] for kind in JOBS}
    known = Job.objects.filter(
        module_name__startswith=JOBS_MODULE, job_class_name__in=list(KINDS_BY_CLASS)
    )
    for name, key in known.values_list("job_class_name", "pk"):
        found[KINDS_BY_CLASS[name]].append(key)
    return found


def query_visible_results(user: Any, *kinds: str) -> QuerySet[JobResult]:
    """Return the results of our Jobs, or of some, that a user may see, the newest first."""
    keys = [
        key for kind, found in query_job_keys().items() if kind in (kinds or JOBS) for key in found
    ]
    return (
        JobResult.objects.restrict(user, "view")
        .filter(job_model__in=keys)
        .select_related("job_model", "user")
        .order_by("-date_created")
    )


def iter_runs(user: Any, kind: str = "", limit: int | None = None) -> Iterator[Run]:
    """Yield runs that a user may see, the newest first."""
    for result in query_visible_results(user, *filter(None, [kind]))[:limit]:
        if run := parse_run(result):
            yield run


def list_attachments(run: Run, user: Any) -> tuple[Attachment, ...]:
    """Return the files of a run that a user may see."""
    return tuple(Attachment(str(one.pk), one.name) for one in query_files(run.key, user))


def query_files(result: str, user: Any, ending: str = "") -> QuerySet[FileProxy]:
    """Return files of a result that a user may see."""
    return FileProxy.objects.restrict(user, "view").filter(job_result=result, name__endswith=ending)


def read_file(proxy: FileProxy, most: int = -1) -> bytes | None:
    """Return what a file holds, or so many bytes of it; None if the storage no longer has it.

    What a storage raises then is its own: Nautobot's says that a row does not exist.
    """
    try:
        with proxy.file.open("rb") as stream:
            return bytes(stream.read(most))
    except Exception:  # it may be any storage
        logger.warning("nautobot_upgrade_jobs: %s cannot be read", proxy.name, exc_info=True)
        return None


def last_log_message(run: Run, user: Any) -> str:
    """Return the last line of a run's log, if the user may see it."""
    found = JobLogEntry.objects.restrict(user, "view").filter(job_result=run.key)
    newest = found.order_by("-created").first()
    return newest.message[:200] if newest else ""


def runnable_jobs(user: Any) -> dict[str, str]:
    """Return the Jobs that a user may run: their keys by kind."""
    found = Job.objects.restrict(user, "run").filter(
        module_name__startswith=JOBS_MODULE,
        job_class_name__in=list(KINDS_BY_CLASS),
        installed=True,
        enabled=True,
    )
    return {KINDS_BY_CLASS[job.job_class_name]: str(job.pk) for job in found}


def can_accept_findings(user: Any) -> bool:
    """Tell whether a user may decide to live with what Preflight finds."""
    return has_job_permission(user, ACCEPT_FINDINGS, pk__in=query_job_keys()["preflight"])


def list_url() -> str:
    """Return the address of Nautobot's list of results, of our Jobs alone."""
    keys = [("job_model", key) for found in query_job_keys().values() for key in found]
    return f"{reverse('extras:jobresult_list')}?{urlencode(keys)}" if keys else ""


def form_url(job: str, fields: Any) -> str:
    """Return the address of a Job's form, filled in."""
    words = {("kwargs_from_job_result" if name == RERUN else name): fields[name] for name in fields}
    url = reverse("extras:job_run", kwargs={"pk": job})
    return f"{url}?{urlencode(words)}" if words else url


def build_links(run: Run, jobs: dict[str, str]) -> tuple[Link, ...]:
    """Return the next steps after a run that its reader may take."""
    steps = suggest_next_steps(run.kind, run.outcome, run.key, run.fields)
    return tuple(build_link(step, jobs) for step in steps if step.kind in jobs)


def build_link(step: NextStep, jobs: dict[str, str]) -> Link:
    """Return a step as what can be clicked."""
    return Link(step.label, form_url(jobs[step.kind], step.fields))


def get_latest_verdicts(user: Any, request: Any) -> dict[str, dict[str, Any] | None]:
    """Return what the newest run of each Job came to, as plain JSON types."""
    return {kind: _serialize_run(next(iter_runs(user, kind, 1), None), request) for kind in JOBS}


def _serialize_run(run: Run | None, request: Any) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "verdict": run.outcome.verdict,
        "current": run.outcome.current,
        "target": run.outcome.target,
        "findings": run.outcome.counts,
        "not_checked": run.outcome.not_checked,
        "created": run.created.isoformat(),
        "ended": run.ended.isoformat() if run.ended else None,
        "job_result": run.key,
        "url": request.build_absolute_uri(run.url),
    }
