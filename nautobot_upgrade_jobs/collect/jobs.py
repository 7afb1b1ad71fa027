"""Collect Jobs, schedules and unfinished runs by SQL.

Nautobot's models are not used, because they may not match the tables during an upgrade.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..facts import Jobs
from ..facts.jobs import JobRecord, JobRun, ScheduledJob
from .context import Context, attempt
from .db.sql import fetch_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MAX_LISTED_RUNS = 20
OWN_JOBS = f"{(__package__ or '').rpartition('.')[0]}.jobs"
"""The package of this App's Jobs, also in a Git repository of Jobs."""
FINISHED_STATUSES = ("SUCCESS", "FAILURE", "REVOKED", "REJECTED", "IGNORED")
JSON_NULL_CONDITION = {
    "postgresql": "s.kwargs IS NULL OR s.kwargs::text = 'null'",
    "mysql": "s.kwargs IS NULL OR JSON_TYPE(s.kwargs) = 'NULL'",
}


def collect(context: Context) -> Jobs:
    """Read Jobs, enabled schedules, unfinished runs and waiting approvals."""
    connection = context.connection
    number, running = _query_unfinished_runs(connection, context.own_job_result)
    return Jobs(
        records=tuple(
            JobRecord(f"{module}.{name}", str(title), bool(installed), bool(enabled), str(grouping))
            for module, name, title, installed, enabled, grouping in fetch_rows(
                connection,
                "SELECT j.module_name, j.job_class_name, j.name, j.installed, j.enabled, "
                "j.grouping FROM extras_job j ORDER BY 1, 2",
            )
        ),
        scheduled=_query_scheduled_jobs(connection),
        running=running,
        running_count=number,
        awaiting_approval=attempt(
            lambda: _query_names(
                connection,
                "SELECT name FROM extras_scheduledjob WHERE approval_required ORDER BY name",
            )
        ),
        gated_by_approval=attempt(
            lambda: _query_names(
                connection,
                "SELECT concat(module_name, '.', job_class_name) FROM extras_job "
                "WHERE approval_required AND installed AND enabled ORDER BY 1",
            )
        ),
    )


def _query_names(connection: BaseDatabaseWrapper, query: str) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in fetch_rows(connection, query))


def _query_scheduled_jobs(connection: BaseDatabaseWrapper) -> tuple[ScheduledJob, ...]:
    interval = f"s.{connection.ops.quote_name('interval')}"
    rows = fetch_rows(
        connection,
        f"SELECT s.name, s.task, {interval}, s.user_id IS NOT NULL, "  # noqa: S608 - constants
        f"NOT ({JSON_NULL_CONDITION[connection.vendor]}), "
        "coalesce(j.installed, false), coalesce(j.enabled, false) "
        "FROM extras_scheduledjob s LEFT JOIN extras_job j ON j.id = s.job_model_id "
        "WHERE s.enabled ORDER BY s.name",
    )
    return tuple(
        ScheduledJob(str(name), str(task), str(interval), *(bool(flag) for flag in flags))
        for name, task, interval, *flags in rows
    )


def _query_unfinished_runs(
    connection: BaseDatabaseWrapper, own_job_result: str
) -> tuple[int, tuple[JobRun, ...]]:
    """Return the number of unfinished runs, and the oldest unfinished runs.

    Runs of this App's Jobs are left out, because they change nothing.
    """
    rows = fetch_rows(
        connection,
        "SELECT r.id, r.name, r.status, r.date_created, count(*) OVER () FROM extras_jobresult r "  # noqa: S608
        "LEFT JOIN extras_job j ON j.id = r.job_model_id "
        f"WHERE r.status NOT IN ({', '.join(['%s'] * len(FINISHED_STATUSES))}) AND r.id <> %s "
        "AND (j.module_name IS NULL OR j.module_name NOT LIKE %s) "
        f"ORDER BY r.date_created LIMIT {MAX_LISTED_RUNS}",
        [
            *FINISHED_STATUSES,
            _adapt_uuid(connection, own_job_result or str(UUID(int=0))),
            f"{OWN_JOBS}.%",
        ],
    )
    runs = tuple(
        JobRun(_normalize_uuid(id_), str(name), str(status), _minutes_since(created))
        for id_, name, status, created, _ in rows
    )
    return (rows[0][-1] if rows else 0), runs


def _adapt_uuid(connection: BaseDatabaseWrapper, key: str) -> str:
    """Return a primary key as the database stores it."""
    return key if connection.features.has_native_uuid_field else UUID(key).hex


def _normalize_uuid(raw: Any) -> str:
    """Return a primary key with hyphens. MySQL stores keys without hyphens."""
    return str(UUID(str(raw)))


def _minutes_since(moment: datetime) -> int:
    if moment.tzinfo is None:  # MySQL stores no time zone, and Django writes UTC.
        moment = moment.replace(tzinfo=timezone.utc)
    return int((datetime.now(timezone.utc) - moment).total_seconds() // 60)
