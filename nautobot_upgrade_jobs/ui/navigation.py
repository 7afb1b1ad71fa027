"""The entry in Nautobot's menu. Its group shows the number of open blockers."""

from __future__ import annotations

import time
from importlib.metadata import version

from django.utils.html import escape
from nautobot.apps.ui import NavMenuGroup, NavMenuItem, NavMenuTab
from nautobot.extras.models import JobResult

from ..common.text import plural
from .job_outcome import UNFINISHED
from .job_runs import exclude_partial_runs, query_job_keys
from .target_history import read_newest_outcomes
from .template_content import call_safely

MAX_AGE_SECONDS = 60
"""Every page shows the menu, so the number is read at most once a minute in each process."""


class BlockerLabel(str):
    """The name of the group. Only where a template shows it, it has the number of open blockers.

    Everywhere else it is the name alone, because Nautobot sorts and stores names. An item of the
    menu cannot have a number: a user's favorites would keep it.
    """

    __slots__ = ("_count", "_read_at")

    def __html__(self) -> str:
        """Return the name with the number of blockers of the newest Preflight, if there are any."""
        now = time.monotonic()
        if now - getattr(self, "_read_at", -MAX_AGE_SECONDS) >= MAX_AGE_SECONDS:
            self._count, self._read_at = call_safely(count_open_blockers, 0), now
        return escape(f"{self}: {plural(self._count, 'blocker')}" if self._count else str(self))


def count_open_blockers() -> int:
    """Return the number of blockers that the newest Preflight of the installed release found."""
    results = JobResult.objects.filter(job_model__in=query_job_keys()["preflight"])
    ended = exclude_partial_runs(results.exclude(status__in=list(UNFINISHED)))
    outcomes = (each for each, _ in read_newest_outcomes(ended.order_by("-date_created")))
    newest = next((each for each in outcomes if each.has_verdict), None)
    is_current = newest is not None and newest.current == f"Nautobot {version('nautobot')}"
    return newest.counts.get("blocker", 0) if newest and is_current else 0


menu_items = (
    NavMenuTab(
        name="Apps",
        groups=(
            NavMenuGroup(
                name=BlockerLabel("Upgrade"),
                items=(
                    NavMenuItem(
                        link="plugins:nautobot_upgrade_jobs:home",
                        name="Upgrade",
                        permissions=["extras.view_jobresult"],
                    ),
                ),
            ),
        ),
    ),
)
