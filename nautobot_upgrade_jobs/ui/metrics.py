"""Export the newest verdicts as Prometheus metrics.

The metrics are numbers only, because the metrics page is public.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from nautobot.extras.models import JobResult
from prometheus_client.core import GaugeMetricFamily

from .job_outcome import SEVERITIES, UNFINISHED, JobOutcome
from .job_runs import exclude_partial_runs, query_job_keys
from .target_history import find_runs_by_target, read_newest_outcomes

TARGET = "target"
JOB = "upgrade_job"
"""The label of the Job. Prometheus sets the label ``job`` of each metric itself."""


@dataclass(frozen=True)
class Series:
    """The newest outcomes of one Job, for one target if the Job is Preflight."""

    kind: str
    target: str
    """Version of the target. Empty for other Jobs, and for Preflight of the installed release."""
    runs: list[tuple[JobOutcome, datetime]]
    """The newest outcome with its end time, and older ones if the newest has no verdict."""


def iter_series() -> Iterator[Series]:
    """Yield the newest outcomes by Job and target."""
    for kind, keys in query_job_keys().items():
        ended = JobResult.objects.filter(job_model__in=keys, date_done__isnull=False)
        finished = ended.exclude(status__in=list(UNFINISHED)).order_by("-date_created")
        results = exclude_partial_runs(finished)
        yield Series(kind, "", read_newest_outcomes(results))
        if kind == "preflight":
            for target, found in find_runs_by_target(results).items():
                runs = read_newest_outcomes(results.filter(pk__in=found))
                yield Series(kind, target, runs)


def upgrade_metrics() -> Iterator[GaugeMetricFamily]:
    """Yield the metrics of one scrape."""
    verdict = GaugeMetricFamily(
        "nautobot_upgrade_verdict", "Verdict of the newest run: 1", labels=[JOB, TARGET, "verdict"]
    )
    findings = GaugeMetricFamily(
        "nautobot_upgrade_findings",
        "Findings that are not accepted, of the newest run that ran its checks",
        labels=[JOB, TARGET, "severity"],
    )
    age = GaugeMetricFamily(
        "nautobot_upgrade_run_age_seconds",
        "Seconds since the end of the newest run that ran its checks",
        labels=[JOB, TARGET],
    )
    now = datetime.now(timezone.utc)
    for series in iter_series():
        labels = [series.kind, series.target]
        for outcome, _ in series.runs[:1]:
            verdict.add_metric([*labels, outcome.verdict], 1)
        # A run that was refused or crashed ran no checks, so the findings and the age of the last
        # run with a verdict still apply.
        for outcome, ended in [run for run in series.runs if run[0].has_verdict][:1]:
            age.add_metric(labels, (now - ended).total_seconds())
            for severity in SEVERITIES:
                if severity in outcome.counts:
                    findings.add_metric([*labels, severity], outcome.counts[severity])
    yield from (verdict, findings, age)


metrics = [upgrade_metrics]
