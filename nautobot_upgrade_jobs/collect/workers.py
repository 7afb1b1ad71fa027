"""Collect Celery workers and queues through the broker."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amqp.exceptions import ChannelError
from django.conf import settings
from django.utils.timezone import now
from kombu.exceptions import KombuError
from nautobot.core.celery import app
from nautobot.extras.choices import JobExecutionType
from nautobot.extras.models import ScheduledJob

from ..facts import Unavailable, Workers
from ..facts.workers import Beat, KubernetesQueues, Queue, Worker, WorkerIdentity
from .context import Context, attempt, explain
from .db.sql import fetch_rows
from .support.broker import broker_connection
from .support.worker_identity import COMMAND, report_worker_identity

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

REPLY_TIMEOUT_SECONDS = 1.0
"""Time in which workers must respond. This is Celery's default."""
PATIENT_TIMEOUT_SECONDS = 5.0
"""Time for a second request if a worker that listens did not respond to the first."""
NOT_FOUND_CODES = (404, "404")
"""Code of the broker for a queue that does not exist, as RabbitMQ and kombu's Redis send it."""


def collect(context: Context) -> Workers:
    """Query all workers for their queues, and the broker for the length of every known queue."""
    with broker_connection() as broker:
        workers, silent = _wait_for_workers(broker, time.monotonic() + context.wait_seconds)
        declared = fetch_rows(
            context.connection, "SELECT name FROM extras_jobqueue WHERE queue_type = 'celery'"
        )
        names = {
            settings.CELERY_TASK_DEFAULT_QUEUE,
            *(name for (name,) in declared),
            *(queue for worker in workers for queue in worker.queues),
        }
        queues = tuple(_count_messages(broker, sorted(names)))
    return Workers(
        workers,
        queues,
        settings.CELERY_TASK_DEFAULT_QUEUE,
        _parse_identity(report_worker_identity()),
        _inspect_beat(),
        _inspect_kubernetes_queues(context.connection),
        silent,
    )


def _inspect_kubernetes_queues(connection: BaseDatabaseWrapper) -> KubernetesQueues | None:
    """Return the queues of Kubernetes, and the image of their pods."""
    names = fetch_rows(
        connection,
        "SELECT name FROM extras_jobqueue WHERE queue_type = 'kubernetes' ORDER BY name",
    )
    queues = tuple(str(name) for (name,) in names)
    return KubernetesQueues(queues, _job_image()) if queues else None


def _job_image() -> str:
    """Return the image of the first container in the manifest of Jobs. Empty if there is none."""
    manifest: Any = getattr(settings, "KUBERNETES_JOB_MANIFEST", None)
    try:
        return str(manifest["spec"]["template"]["spec"]["containers"][0]["image"])
    except (KeyError, IndexError, TypeError):
        return ""


def _wait_for_workers(broker: Any, deadline: float) -> tuple[tuple[Worker, ...], int]:
    """Return the workers that respond, and the number of silent workers.

    Args:
        broker: The connection.
        deadline: Until this time, in monotonic seconds, wait for at least one worker and for every
            worker that listens.
    """
    timeout = REPLY_TIMEOUT_SECONDS
    while True:
        listening = _listening_workers(broker.default_channel)
        workers = _inspect_workers(broker, listening, timeout)
        silent = max(0, (listening or 0) - len(workers))
        if (workers and not silent) or time.monotonic() >= deadline:
            if not silent or timeout == PATIENT_TIMEOUT_SECONDS:
                return workers, silent
            timeout = PATIENT_TIMEOUT_SECONDS  # A busy worker may need longer than the default.
        else:
            time.sleep(1)


def _inspect_workers(broker: Any, listening: int | None, timeout: float) -> tuple[Worker, ...]:
    inspect = app.control.inspect(timeout=timeout, limit=listening, connection=broker)
    replies: dict[str, list[dict[str, Any]]] = inspect.active_queues() or {}
    identities = (inspect._request(COMMAND) if replies else None) or {}
    return tuple(
        Worker(
            name,
            tuple(sorted({queue["name"] for queue in queues})),
            _parse_identity(identities.get(name)),
        )
        for name, queues in sorted(replies.items())
    )


def _parse_identity(reply: dict[str, Any] | None) -> WorkerIdentity | None:
    """Return the identity in a reply. None for the error that a worker without this App sends."""
    names = {field.name for field in fields(WorkerIdentity)}
    return WorkerIdentity(**reply) if reply and set(reply) == names else None


def _inspect_beat() -> Beat:
    """Read the heartbeat file of Celery beat, and find schedules that beat should have started."""
    path = Path(settings.CELERY_BEAT_HEARTBEAT_FILE or "")
    heartbeat = int(time.time() - path.stat().st_mtime) if path.is_file() else None
    return Beat(heartbeat, attempt(lambda: dict(_find_overdue_schedules())))


def _find_overdue_schedules() -> Iterator[tuple[str, int]]:
    columns = ("name", "interval", "crontab", "start_time", "last_run_at", "enabled")
    for schedule in ScheduledJob.objects.enabled().only(*columns).order_by("name"):
        last = schedule.last_run_at or schedule.start_time
        if schedule.interval == JobExecutionType.TYPE_IMMEDIATELY or last is None:
            continue
        if schedule.interval == JobExecutionType.TYPE_FUTURE and schedule.last_run_at:
            continue
        if schedule.start_time and schedule.start_time > now():
            continue
        overdue = -schedule.schedule.remaining_estimate(last).total_seconds()
        if overdue > 0:
            yield str(schedule.name), int(overdue // 60)


def _listening_workers(channel: Any) -> int | None:
    """Return the number of workers that listen for control messages. None if unknown.

    The wait for replies ends when this number of workers has replied. A crashed worker is still
    counted. The wait then takes the full timeout.
    """
    try:
        return len(channel.get_table(app.control.mailbox.exchange.name)) or None
    except (AttributeError, KombuError):
        return None


def _count_messages(broker: Any, names: Iterable[str]) -> Iterator[Queue]:
    """Yield the queues with their numbers of waiting messages.

    After an error, RabbitMQ closes the channel. Kombu keeps a channel to Redis open.
    """
    with ExitStack() as stack:
        channel = None
        for name in names:
            if channel is None or not getattr(channel, "is_open", True):
                channel = stack.enter_context(broker.channel())
            yield Queue(name, _count_messages_of(channel, name))


def _count_messages_of(channel: Any, queue: str) -> int | Unavailable:
    """Return the number of waiting messages. A queue without messages does not exist on Redis."""
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError as error:
        return 0 if error.reply_code in NOT_FOUND_CODES else Unavailable(explain(error))
