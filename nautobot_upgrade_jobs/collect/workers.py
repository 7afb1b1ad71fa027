"""Celery workers and queues, asked through the broker."""

from __future__ import annotations

from typing import Any

from amqp.exceptions import ChannelError
from django.conf import settings
from kombu.exceptions import KombuError
from nautobot.core.celery import app

from ..facts import Workers
from ..facts.workers import Queue, Worker
from . import Context
from .sql import rows

ANSWER_SECONDS = 1.0
"""How long workers have to answer; Celery's own default."""
IMPATIENT = {"socket_timeout": 3, "socket_connect_timeout": 3, "max_retries": 0}
"""A broker that does not answer must not hold the run up; seconds."""


def collect(context: Context) -> Workers:
    """Ask all workers for their queues, and the broker for the length of every known queue."""
    with app.connection_for_read() as broker:
        broker.transport_options = {**(broker.transport_options or {}), **IMPATIENT}
        workers = _ask_workers(broker, _listening(broker.default_channel))
        declared = rows(
            context.connection, "SELECT name FROM extras_jobqueue WHERE queue_type = 'celery'"
        )
        names = {
            settings.CELERY_TASK_DEFAULT_QUEUE,
            *(name for (name,) in declared),
            *(queue for worker in workers for queue in worker.queues),
        }
        queues = tuple(
            Queue(name, _waiting(broker.default_channel, name)) for name in sorted(names)
        )
    return Workers(workers, queues)


def _ask_workers(broker: Any, listening: int | None) -> tuple[Worker, ...]:
    inspect = app.control.inspect(timeout=ANSWER_SECONDS, limit=listening, connection=broker)
    answers: dict[str, list[dict[str, Any]]] = inspect.active_queues() or {}
    return tuple(
        Worker(name, tuple(sorted({queue["name"] for queue in queues})))
        for name, queues in sorted(answers.items())
    )


def _listening(channel: Any) -> int | None:
    """Return how many workers listen for control messages; None where the broker cannot tell.

    When so many have answered there is nothing left to wait for. A worker that died without taking
    its leave is still counted; then the full time is waited.
    """
    try:
        return len(channel.get_table(app.control.mailbox.exchange.name)) or None
    except (AttributeError, KombuError):
        return None


def _waiting(channel: Any, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError:
        return 0  # a queue that holds nothing does not exist on Redis
