"""Jobs, their schedules and what runs at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class JobRecord:
    """A Job known to the database."""

    class_path: str
    name: str
    installed: bool
    enabled: bool


@dataclass(frozen=True)
class ScheduledJob:
    """A schedule that is still to run."""

    name: str
    task: str
    interval: str
    has_user: bool
    has_kwargs: bool
    """False if the stored keyword arguments are JSON ``null``."""
    job_installed: bool
    job_enabled: bool


@dataclass(frozen=True)
class JobRun:
    """A JobResult that has not ended."""

    id: str
    name: str
    status: str
    age_minutes: int
    """Since it was created."""


@dataclass(frozen=True)
class Jobs:
    """Job records, enabled schedules, approvals that wait, and unfinished runs."""

    records: tuple[JobRecord, ...]
    scheduled: tuple[ScheduledJob, ...]
    running: tuple[JobRun, ...]
    """The oldest unfinished runs, the one that collects these facts left out."""
    running_count: int
    """All unfinished runs, however many are listed."""
    awaiting_approval: tuple[str, ...] | Unavailable
    """Names of schedules with ``approval_required``; the column went away in 3.1."""
    gated_by_approval: tuple[str, ...] | Unavailable
    """Class paths of Jobs with ``approval_required``; the column went away in 3.0."""
