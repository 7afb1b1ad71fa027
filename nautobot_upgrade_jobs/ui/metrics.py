"""The newest verdicts as Prometheus metrics: numbers alone, since everybody may read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from nautobot.extras.models import JobResult
from prometheus_client.core import GaugeMetricFamily

from .job_outcome import SEVERITIES, UNFINISHED, JobOutcome, parse_outcome
from .job_runs import query_job_keys

MAX_RUNS_SEARCHED = 20
"""So many runs of a Job are gone through for one that has looked."""


def iter_latest_outcomes() -> Iterator[tuple[str, list[tuple[JobOutcome, datetime]]]]:
    """Yield what the newest run of each Job came to, and when, and runs back to one that looked."""
    for kind, keys in query_job_keys().items():
        found = JobResult.objects.filter(job_model__in=keys, date_done__isnull=False).exclude(
            status__in=list(UNFINISHED)
        )
        rows = found.order_by("-date_created").values_list("status", "result", "date_done")
        runs = [*_parse_outcomes(rows[:1])]
        if runs and not runs[0][0].has_verdict:  # seldom, and a scrape is to be cheap
            runs += _parse_outcomes(rows[1:MAX_RUNS_SEARCHED])
        yield kind, runs


def _parse_outcomes(
    rows: Iterable[tuple[str, Any, datetime]],
) -> Iterator[tuple[JobOutcome, datetime]]:
    for status, result, ended in rows:
        yield parse_outcome(status, result), ended


def upgrade_metrics() -> Iterator[GaugeMetricFamily]:
    """Yield the metrics, for each scrape."""
    verdict = GaugeMetricFamily(
        "nautobot_upgrade_verdict", "Verdict of the newest run: 1", labels=["job", "verdict"]
    )
    findings = GaugeMetricFamily(
        "nautobot_upgrade_findings",
        "Findings of the newest run that looked, accepted ones aside",
        labels=["job", "severity"],
    )
    age = GaugeMetricFamily(
        "nautobot_upgrade_run_age_seconds",
        "Seconds since the newest run that looked",
        labels=["job"],
    )
    now = datetime.now(timezone.utc)
    for kind, found in iter_latest_outcomes():
        for outcome, _ in found[:1]:
            verdict.add_metric([kind, outcome.verdict], 1)
        # A run that was refused or has crashed says nothing of the installation: what the one
        # before it found is still so, and as old.
        for outcome, ended in [one for one in found if one[0].has_verdict][:1]:
            age.add_metric([kind], (now - ended).total_seconds())
            for severity in SEVERITIES:
                if severity in outcome.counts:
                    findings.add_metric([kind, severity], outcome.counts[severity])
    yield from (verdict, findings, age)


metrics = [upgrade_metrics]
