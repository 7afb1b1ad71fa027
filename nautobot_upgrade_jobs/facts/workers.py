"""Celery workers, their queues and code, and beat."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class WorkerIdentity:
    """The code that a process runs, and the code that is installed there."""

    host: str
    started_at: str
    """UTC, ISO 8601."""
    loaded_digest: str
    """Digest of the files of Nautobot and the Apps when the process started."""
    versions: dict[str, str]
    """Distribution to version when the process started."""
    on_disk_digest: str
    """The same digest of the currently installed files."""
    installed_at: str
    """Time of the last installation there; UTC, ISO 8601."""


@dataclass(frozen=True)
class Worker:
    """A worker that responded, and its queues."""

    name: str
    queues: tuple[str, ...]
    identity: WorkerIdentity | None = None
    """None if the worker runs without this App or with an older version of it."""


@dataclass(frozen=True)
class Queue:
    """A queue and the number of waiting messages."""

    name: str
    message_count: int


@dataclass(frozen=True)
class Beat:
    """Traces of the process that starts scheduled Jobs."""

    heartbeat_age_seconds: int | None
    """Age of its heartbeat file; None if there is none on this host."""
    overdue: dict[str, int] | Unavailable
    """Schedule to the minutes since its due time."""


@dataclass(frozen=True)
class Workers:
    """Workers that responded within the deadline, and all known queues."""

    workers: tuple[Worker, ...]
    queues: tuple[Queue, ...]
    default_queue: str = "default"
    this_process: WorkerIdentity | None = None
    """This process; None outside of the App."""
    beat: Beat | None = None
