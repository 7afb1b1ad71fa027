"""Jobs and what starts them: queues, schedules, hooks, and Git repositories with Jobs."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class Automation:
    """Everything that runs without a user."""

    registry: Listing | Unavailable
    """Class path of every Job that Nautobot or an App provides."""
    jobs: Listing | Unavailable
    """By class path: the state of the Job record."""
    queues: Listing | Unavailable
    schedules: Listing | Unavailable
    """Every schedule, including disabled ones."""
    hooks: Listing | Unavailable
    """Job hooks, job buttons and webhooks, without URLs, headers or secrets."""
    git_repositories: Listing | Unavailable
    """By slug: branch, head and URL without credentials."""
