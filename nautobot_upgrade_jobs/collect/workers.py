"""Celery workers and queues, asked through the broker."""

from __future__ import annotations

from typing import Any

from amqp.exceptions import ChannelError
from django.conf import settings
from nautobot.core.celery import app

from ..facts import Workers
from ..facts.workers import Queue, Worker
from . import Context
from .sql import rows

ANSWER_SECONDS = 1.0
"""How long workers have to answer; Celery's own default, and all of it is waited."""


def collect(context: Context) -> Workers:
    """Ask all workers for their queues, and the broker for the length of every known queue."""
    answers: dict[str, list[dict[str, Any]]] = (
        app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    )
    workers = tuple(
        Worker(name, tuple(sorted({queue["name"] for queue in queues})))
        for name, queues in sorted(answers.items())
    )
    declared = rows(
        context.connection, "SELECT name FROM extras_jobqueue WHERE queue_type = 'celery'"
    )
    names = {
        settings.CELERY_TASK_DEFAULT_QUEUE,
        *(name for (name,) in declared),
        *(queue for worker in workers for queue in worker.queues),
    }
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        queues = tuple(Queue(name, _waiting(channel, name)) for name in sorted(names))
    return Workers(workers, queues)


def _waiting(channel: Any, queue: str) -> int:
    try:
        return int(channel.queue_declare(queue=queue, passive=True).message_count)
    except ChannelError:
        return 0  # a queue that holds nothing does not exist on Redis
