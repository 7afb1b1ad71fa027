"""Celery workers and their queues."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Worker:
    """A worker that answered, and the queues that it takes from."""

    name: str
    queues: tuple[str, ...]


@dataclass(frozen=True)
class Queue:
    """A queue and the number of messages that wait in it."""

    name: str
    waiting: int


@dataclass(frozen=True)
class Workers:
    """Workers that answered within the deadline, and all known queues."""

    workers: tuple[Worker, ...]
    queues: tuple[Queue, ...]
