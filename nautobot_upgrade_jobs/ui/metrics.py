"""Export the newest verdicts as Prometheus metrics.

The metrics are numbers only, because the metrics page is public.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

from nautobot.extras.models import JobResult
from prometheus_client.core import GaugeMetricFamily

from .job_outcome import SEVERITIES, UNFINISHED, JobOutcome, parse_outcome
from .job_runs import query_job_keys

JOB = "upgrade_job"
"""The label of the Job. Prometheus sets the label ``job`` of each metric itself."""
MAX_RUNS_SEARCHED = 20
"""Number of runs of a Job in which a run with a verdict is searched."""


def iter_latest_outcomes() -> Iterator[tuple[str, list[tuple[JobOutcome, datetime]]]]:
    """Yield each Job's newest outcome with its end time.

    If the newest run has no verdict, the outcomes of older runs follow.
    """
    for kind, keys in query_job_keys().items():
        results = JobResult.objects.filter(job_model__in=keys, date_done__isnull=False).exclude(
            status__in=list(UNFINISHED)
        )
        rows = results.order_by("-date_created").values_list("status", "result", "date_done")
        runs = [*_parse_outcomes(rows[:1])]
        if runs and not runs[0][0].has_verdict:  # Rare. A scrape usually reads one row per Job.
            runs += _parse_outcomes(rows[1:MAX_RUNS_SEARCHED])
        yield kind, runs


def _parse_outcomes(
    rows: Iterable[tuple[str, Any, datetime]],
) -> Iterator[tuple[JobOutcome, datetime]]:
    for status, result, ended in rows:
        yield parse_outcome(status, result), ended


def upgrade_metrics() -> Iterator[GaugeMetricFamily]:
    """Yield the metrics of one scrape."""
    verdict = GaugeMetricFamily(
        "nautobot_upgrade_verdict", "Verdict of the newest run: 1", labels=[JOB, "verdict"]
    )
    findings = GaugeMetricFamily(
        "nautobot_upgrade_findings",
        "Findings that are not accepted, of the newest run that ran its checks",
        labels=[JOB, "severity"],
    )
    age = GaugeMetricFamily(
        "nautobot_upgrade_run_age_seconds",
        "Seconds since the end of the newest run that ran its checks",
        labels=[JOB],
    )
    now = datetime.now(timezone.utc)
    for kind, runs in iter_latest_outcomes():
        for outcome, _ in runs[:1]:
            verdict.add_metric([kind, outcome.verdict], 1)
        # A run that was refused or crashed ran no checks, so the findings and the age of the last
        # run with a verdict still apply.
        for outcome, ended in [run for run in runs if run[0].has_verdict][:1]:
            age.add_metric([kind], (now - ended).total_seconds())
            for severity in SEVERITIES:
                if severity in outcome.counts:
                    findings.add_metric([kind, severity], outcome.counts[severity])
    yield from (verdict, findings, age)


metrics = [upgrade_metrics]
