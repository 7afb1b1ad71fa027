"""What runs by itself: Jobs, queues, schedules, hooks, and the repositories that Jobs come from."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Listing, Unavailable


@dataclass(frozen=True)
class Automation:
    """Everything that acts without anybody looking."""

    registry: Listing | Unavailable
    """Class path of every Job that core and the Apps bring."""
    jobs: Listing | Unavailable
    """Class path to the state of its record."""
    queues: Listing | Unavailable
    schedules: Listing | Unavailable
    """Every schedule, those that are disabled included."""
    hooks: Listing | Unavailable
    """Job hooks, job buttons and webhooks; never their URLs, headers or secrets."""
    git_repositories: Listing | Unavailable
    """Slug to branch, head and URL without user info."""
