"""Jobs, their schedules and running Jobs."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class JobRecord:
    """A Job record in the database."""

    class_path: str
    name: str
    installed: bool
    enabled: bool
    grouping: str = ""
    """The heading under which the list of Jobs shows it."""


@dataclass(frozen=True)
class ScheduledJob:
    """An enabled schedule."""

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
    """An unfinished JobResult."""

    id: str
    name: str
    status: str
    age_minutes: int
    """Minutes since its creation."""


@dataclass(frozen=True)
class Jobs:
    """Job records, enabled schedules, waiting approvals and unfinished runs."""

    records: tuple[JobRecord, ...]
    scheduled: tuple[ScheduledJob, ...]
    running: tuple[JobRun, ...]
    """The oldest unfinished runs, without the run that collects these facts."""
    running_count: int
    """Number of all unfinished runs, including runs that are not listed."""
    awaiting_approval: tuple[str, ...] | Unavailable
    """Names of schedules with ``approval_required``. Nautobot 3.1 removed this column."""
    gated_by_approval: tuple[str, ...] | Unavailable
    """Class paths of Jobs with ``approval_required``. Nautobot 3.0 removed this column."""
