"""The newest verdicts as Prometheus metrics: numbers alone, since everybody may read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from nautobot.extras.models import JobResult
from prometheus_client.core import GaugeMetricFamily

from .outcome import SEVERITIES, UNFINISHED, Outcome, outcome_of
from .runs import records


def newest() -> Iterator[tuple[str, Outcome, datetime]]:
    """Yield what the newest run of each Job came to, and when; one small query for each Job."""
    for kind, keys in records().items():
        found = JobResult.objects.filter(job_model__in=keys, date_done__isnull=False).exclude(
            status__in=list(UNFINISHED)
        )
        row = found.order_by("-date_created").values("status", "result", "date_done").first()
        if row:
            yield kind, outcome_of(row["status"], row["result"]), row["date_done"]


def upgrade_metrics() -> Iterator[GaugeMetricFamily]:
    """Yield the metrics, for each scrape."""
    verdict = GaugeMetricFamily(
        "nautobot_upgrade_verdict", "Verdict of the newest run: 1", labels=["job", "verdict"]
    )
    findings = GaugeMetricFamily(
        "nautobot_upgrade_findings",
        "Findings of the newest run that nobody has accepted",
        labels=["job", "severity"],
    )
    age = GaugeMetricFamily(
        "nautobot_upgrade_run_age_seconds", "Seconds since the newest run ended", labels=["job"]
    )
    now = datetime.now(timezone.utc)
    for kind, outcome, ended in newest():
        verdict.add_metric([kind, outcome.verdict], 1)
        age.add_metric([kind], (now - ended).total_seconds())
        for severity in SEVERITIES:
            if severity in outcome.counts:
                findings.add_metric([kind, severity], outcome.counts[severity])
    yield from (verdict, findings, age)


metrics = [upgrade_metrics]
