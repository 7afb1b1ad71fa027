"""Celery workers, their queues and code, and beat."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class WorkerIdentity:
    """The code that a process runs, and the code that is installed on its host."""

    host: str
    started_at: str
    """Start time of the process: ISO 8601, UTC."""
    loaded_digest: str
    """Digest of the files of Nautobot and the Apps when the process started."""
    versions: dict[str, str]
    """Version by distribution, when the process started."""
    on_disk_digest: str
    """Digest of the files of Nautobot and the Apps that are installed now."""
    installed_at: str
    """Time of the last installation on this host: ISO 8601, UTC."""


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
    message_count: int | Unavailable


@dataclass(frozen=True)
class Beat:
    """The state of Celery beat: the age of its heartbeat file, and overdue schedules."""

    heartbeat_age_seconds: int | None
    """Age of the heartbeat file. None if there is no such file on this host."""
    overdue: dict[str, int] | Unavailable
    """By schedule: the minutes since the schedule was due."""


@dataclass(frozen=True)
class KubernetesQueues:
    """Queues whose Jobs run in pods of their own, and the image of these pods."""

    names: tuple[str, ...]
    image: str
    """The image in ``KUBERNETES_JOB_MANIFEST``. Empty if the manifest names none."""


@dataclass(frozen=True)
class Workers:
    """Workers that responded within the timeout, and all known queues."""

    workers: tuple[Worker, ...]
    queues: tuple[Queue, ...]
    default_queue: str = "default"
    this_process: WorkerIdentity | None = None
    """Identity of this process. None if unknown."""
    beat: Beat | None = None
    kubernetes: KubernetesQueues | None = None
    """None without such a queue."""
    silent_workers: int = 0
    """Number of workers that listen for control messages and did not respond in time."""
