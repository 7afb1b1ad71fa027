"""Compare the App's metrics with the whole scrape, and its page with the list of Job Results.

The database has many results, which a rolled-back transaction removes again. Everything runs in one
warm process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from .figures import Figure, measure_in_turn

RESULTS = 20_000
SHARE = 20
"""One of this many results belongs to this App."""
os.environ["NAUTOBOT_METRICS_ENABLED"] = "True"


def fill() -> None:
    """Create results of Preflight and of other Jobs."""
    from django.utils import timezone
    from nautobot.extras.models import Job, JobResult

    ours = Job.objects.get(module_name="nautobot_upgrade_jobs.jobs.preflight")
    theirs = Job.objects.exclude(module_name__startswith="nautobot_upgrade_jobs.jobs").first()
    now = timezone.now()
    result = {"verdict": "caution", "findings": {"warning": 3}, "target": "Nautobot 9.9.9"}
    result |= {"target_version": "9.9.9", "current": "Nautobot 3.2.7"}
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


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the durations of the metrics and of the page, with many Job Results."""
    from django.core.cache import cache
    from django.db import transaction
    from django.test import Client
    from nautobot.users.models import User

    from nautobot_upgrade_jobs.ui.metrics import upgrade_metrics

    cache.get("")  # if the cache loads during the collection of metrics, its own metrics deadlock
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="admin"))

    def list_results() -> None:
        client.get("/extras/job-results/")
        client.get("/extras/job-results/", HTTP_HX_REQUEST="true")  # its table, since 3.0

    with transaction.atomic():
        fill()
        seconds = measure_in_turn(
            {
                "metrics": lambda: list(upgrade_metrics()),
                "scrape": lambda: client.get("/metrics/"),
                "page": lambda: client.get("/plugins/upgrade-jobs/"),
                "list": list_results,
            },
            3 if is_short else 7,
        )
        transaction.set_rollback(True)
    yield Figure("metrics", seconds["metrics"], "the whole scrape", seconds["scrape"], 0.5)
    yield Figure("Upgrade page", seconds["page"], "list of Job Results", seconds["list"], 0.6)
