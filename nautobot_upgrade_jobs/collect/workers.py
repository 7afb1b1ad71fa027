"""Celery workers and queues, asked through the broker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from amqp.exceptions import ChannelError
from django.conf import settings
from django.utils.timezone import now
from kombu.exceptions import KombuError
from nautobot.core.celery import app
from nautobot.extras.choices import JobExecutionType
from nautobot.extras.models import ScheduledJob

from ..facts import Workers
from ..facts.workers import Beat, Queue, Worker, WorkerIdentity
from . import Context, attempt
from .db.sql import fetch_rows
from .support.worker_identity import COMMAND, report_worker_identity

REPLY_TIMEOUT_SECONDS = 1.0
"""How long workers have to answer; Celery's own default."""
BROKER_TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 3, "max_retries": 0}
"""A broker that does not answer must not hold the run up; seconds."""


def collect(context: Context) -> Workers:
    """Ask all workers for their queues, and the broker for the length of every known queue."""
    with app.connection_for_read() as broker:
        broker.transport_options = {**(broker.transport_options or {}), **BROKER_TIMEOUTS}
        workers = _inspect_workers(broker, _listening_workers(broker.default_channel))
        declared = fetch_rows(
            context.connection, "SELECT name FROM extras_jobqueue WHERE queue_type = 'celery'"
        )
        names = {
            settings.CELERY_TASK_DEFAULT_QUEUE,
            *(name for (name,) in declared),
            *(queue for worker in workers for queue in worker.queues),
        }
        queues = tuple(
            Queue(name, _queue_length(broker.default_channel, name)) for name in sorted(names)
        )
    return Workers(
        workers,
        queues,
        settings.CELERY_TASK_DEFAULT_QUEUE,
        _parse_identity(report_worker_identity()),
        _inspect_beat(),
    )


def _inspect_workers(broker: Any, listening: int | None) -> tuple[Worker, ...]:
    inspect = app.control.inspect(timeout=REPLY_TIMEOUT_SECONDS, limit=listening, connection=broker)
    answers: dict[str, list[dict[str, Any]]] = inspect.active_queues() or {}
    identities = (inspect._request(COMMAND) if answers else None) or {}
    return tuple(
        Worker(
            name,
            tuple(sorted({queue["name"] for queue in queues})),
            _parse_identity(identities.get(name)),
        )
        for name, queues in sorted(answers.items())
    )


def _parse_identity(answer: dict[str, Any] | None) -> WorkerIdentity | None:
    """Read an answer; a worker without the App says that there is no such command."""
    known = {one.name for one in fields(WorkerIdentity)}
    return WorkerIdentity(**answer) if answer and set(answer) == known else None


def _inspect_beat() -> Beat:
    """Look for beat's traces: its heartbeat file, and schedules that it should have started."""
    path = Path(settings.CELERY_BEAT_HEARTBEAT_FILE or "")
    heartbeat = int(time.time() - path.stat().st_mtime) if path.is_file() else None
    return Beat(heartbeat, attempt(lambda: dict(_find_overdue_schedules())))


def _find_overdue_schedules() -> Iterator[tuple[str, int]]:
    columns = ("name", "interval", "crontab", "start_time", "last_run_at", "enabled")
    for one in ScheduledJob.objects.enabled().only(*columns).order_by("name"):
        last = one.last_run_at or one.start_time
        if one.interval == JobExecutionType.TYPE_IMMEDIATELY or last is None:
            continue
        if one.interval == JobExecutionType.TYPE_FUTURE and one.last_run_at:
            continue
        if one.start_time and one.start_time > now():
            continue
        late = -one.schedule.remaining_estimate(last).total_seconds()
        if late > 0:
            yield str(one.name), int(late // 60)


def _listening_workers(channel: Any) -> int | None:
    """Return how many workers listen for control messages; None where the broker cannot tell.

    When so many have answered there is nothing left to wait for. A worker that died without taking
    its leave is still counted; then the full time is waited.
    """
    try:
        return len(channel.get_table(app.control.mailbox.exchange.name)) or None
    except (AttributeError, KombuError):
        return None


def _queue_length(channel: Any, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError:
        return 0  # a queue that holds nothing does not exist on Redis
