"""Jobs, schedules and unfinished runs, read by SQL.

Core's models are not used: during an upgrade they may not fit the tables.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..facts import Jobs
from ..facts.jobs import JobRecord, JobRun, ScheduledJob
from . import Context, attempt
from .db.sql import rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

LISTED_RUNS = 20
FINISHED = ("SUCCESS", "FAILURE", "REVOKED", "REJECTED", "IGNORED")
JSON_NULL = {
    "postgresql": "s.kwargs IS NULL OR s.kwargs::text = 'null'",
    "mysql": "s.kwargs IS NULL OR JSON_TYPE(s.kwargs) = 'NULL'",
}


def collect(context: Context) -> Jobs:
    """Read Jobs, enabled schedules, unfinished runs and what waits for an approval."""
    connection = context.connection
    number, running = _running(connection, context.own_job_result)
    return Jobs(
        records=tuple(
            JobRecord(f"{module}.{name}", str(title), bool(installed), bool(enabled))
            for module, name, title, installed, enabled in rows(
                connection,
                "SELECT module_name, job_class_name, name, installed, enabled FROM extras_job "
                "ORDER BY 1, 2",
            )
        ),
        scheduled=_scheduled(connection),
        running=running,
        running_count=number,
        awaiting_approval=attempt(
            lambda: _names(
                connection,
                "SELECT name FROM extras_scheduledjob WHERE approval_required ORDER BY name",
            )
        ),
        gated_by_approval=attempt(
            lambda: _names(
                connection,
                "SELECT concat(module_name, '.', job_class_name) FROM extras_job "
                "WHERE approval_required AND installed AND enabled ORDER BY 1",
            )
        ),
    )


def _names(connection: BaseDatabaseWrapper, query: str) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in rows(connection, query))


def _scheduled(connection: BaseDatabaseWrapper) -> tuple[ScheduledJob, ...]:
    interval = f"s.{connection.ops.quote_name('interval')}"
    found = rows(
        connection,
        f"SELECT s.name, s.task, {interval}, s.user_id IS NOT NULL, "  # noqa: S608 - constants
        f"NOT ({JSON_NULL[connection.vendor]}), "
        "coalesce(j.installed, false), coalesce(j.enabled, false) "
        "FROM extras_scheduledjob s LEFT JOIN extras_job j ON j.id = s.job_model_id "
        "WHERE s.enabled ORDER BY s.name",
    )
    return tuple(
        ScheduledJob(str(name), str(task), str(interval), *(bool(flag) for flag in flags))
        for name, task, interval, *flags in found
    )


def _running(connection: BaseDatabaseWrapper, own: str) -> tuple[int, tuple[JobRun, ...]]:
    """Return the number of unfinished runs and the oldest of them."""
    found = rows(
        connection,
        "SELECT id, name, status, date_created, count(*) OVER () FROM extras_jobresult "  # noqa: S608
        f"WHERE status NOT IN ({', '.join(['%s'] * len(FINISHED))}) AND id <> %s "
        f"ORDER BY date_created LIMIT {LISTED_RUNS}",
        [*FINISHED, _stored(connection, own or str(UUID(int=0)))],
    )
    runs = tuple(
        JobRun(_uuid(id_), str(name), str(status), _minutes_since(created))
        for id_, name, status, created, _ in found
    )
    return (found[0][-1] if found else 0), runs


def _stored(connection: BaseDatabaseWrapper, key: str) -> str:
    """Return a primary key as the database keeps it."""
    return key if connection.features.has_native_uuid_field else UUID(key).hex


def _uuid(raw: Any) -> str:
    """Return a primary key in one form; MySQL stores it without hyphens."""
    return str(UUID(str(raw)))


def _minutes_since(moment: datetime) -> int:
    if moment.tzinfo is None:  # MySQL has no time zone; Django stores UTC
        moment = moment.replace(tzinfo=timezone.utc)
    return int((datetime.now(timezone.utc) - moment).total_seconds() // 60)
