"""Celery workers, their queues, the code that each runs, and beat."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class WorkerIdentity:
    """Which code a process runs, and which is installed where it runs."""

    host: str
    started_at: str
    """UTC, ISO 8601."""
    loaded_digest: str
    """Digest of Nautobot's and the Apps' files as they were when the process started."""
    versions: dict[str, str]
    """Distribution to version, at that time."""
    on_disk_digest: str
    """The same digest of what is installed there now."""
    installed_at: str
    """When anything was installed there last; UTC, ISO 8601."""


@dataclass(frozen=True)
class Worker:
    """A worker that answered, and the queues that it takes from."""

    name: str
    queues: tuple[str, ...]
    identity: WorkerIdentity | None = None
    """None if it does not know the question: it runs without this App, or an older one."""


@dataclass(frozen=True)
class Queue:
    """A queue and the number of messages that wait in it."""

    name: str
    message_count: int


@dataclass(frozen=True)
class Beat:
    """The traces of the process that starts scheduled Jobs."""

    heartbeat_age_seconds: int | None
    """Since it last touched its heartbeat file; None if it has none on this host."""
    overdue: dict[str, int] | Unavailable
    """Schedule to the minutes since it should have been started."""


@dataclass(frozen=True)
class Workers:
    """Workers that answered within the deadline, and all known queues."""

    workers: tuple[Worker, ...]
    queues: tuple[Queue, ...]
    default_queue: str = "default"
    this_process: WorkerIdentity | None = None
    """This process; None outside of the App."""
    beat: Beat | None = None
