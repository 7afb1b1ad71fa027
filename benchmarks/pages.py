"""Compare the App's metrics with the whole scrape, and its page with the list of Job Results.

The database has many results, which a rolled-back transaction removes again. Everything runs in one
warm process. Run: ``make bench``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import nautobot

ROUNDS = 7
RESULTS = 20_000
SHARE = 20
"""One of this many results belongs to this App."""


def milliseconds(run: Callable[[], Any]) -> float:
    """Return the median duration of a call, after one call that fills the caches."""
    taken = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken[1:])


def fill() -> None:
    """Create results of Preflight and of other Jobs."""
    from django.utils import timezone
    from nautobot.extras.models import Job, JobResult

    ours = Job.objects.get(module_name="nautobot_upgrade_jobs.jobs.preflight")
    theirs = Job.objects.exclude(module_name__startswith="nautobot_upgrade_jobs.jobs").first()
    now = timezone.now()
    result = {"verdict": "caution", "findings": {"warning": 3}, "target": "Nautobot 3.2.7"}
    made = [
        JobResult(
            job_model=theirs if number % SHARE else ours,
            name="Preflight",
            status="SUCCESS",
            date_done=now,
            result=None if number % SHARE else result,
        )
        for number in range(RESULTS)
    ]
    JobResult.objects.bulk_create(made, batch_size=1000)


def main() -> None:
    """Measure and print the ratios."""
    nautobot.setup()
    from django.core.cache import cache
    from django.db import transaction
    from django.test import Client
    from nautobot.users.models import User

    from nautobot_upgrade_jobs.ui.metrics import upgrade_metrics

    cache.get("")  # if the cache loads during the collection of metrics, its own metrics deadlock
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="admin"))
    with transaction.atomic():
        fill()
        ours = milliseconds(lambda: list(upgrade_metrics()))
        scrape = milliseconds(lambda: client.get("/metrics/"))
        page = milliseconds(lambda: client.get("/plugins/upgrade-jobs/"))
        listed = milliseconds(lambda: client.get("/extras/job-results/"))
        transaction.set_rollback(True)
    print(f"with {RESULTS} Job Results, {RESULTS // SHARE} of them ours:")
    print(f"metrics {ours:.1f} ms of a whole scrape's {scrape:.1f} ms: {ours / scrape:.2f}")
    print(f"Upgrade page {page:.0f} ms, list of Job Results {listed:.0f} ms: {page / listed:.2f}")


if __name__ == "__main__":
    main()
