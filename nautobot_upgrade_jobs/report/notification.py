"""A run in a few values: its summary, what a notification says, and whether it needs one."""

from __future__ import annotations

import hashlib
from typing import Any

from ..checks.findings import Severity
from .model import SEVERITY_ORDER, Report
from .reported_finding import FindingGroup

EVENT = "nautobot_upgrade_jobs.run"
"""The field ``event`` of the body that a webhook gets."""


def summarize(report: Report) -> dict[str, Any]:
    """Return the verdict and the numbers of a run, as JSON types."""
    return {
        "verdict": report.verdict.value,
        "headline": report.headline,
        "next_step": report.next_step,
        "current": report.current,
        "target": report.target,
        "target_version": report.target_version,
        "findings": report.counts,
        "not_checked": len(report.not_checked),
        **({"only": list(report.only)} if report.only else {}),
    }


def describe_cause(group: FindingGroup) -> dict[str, Any]:
    """Return the first finding of a cause, and the number of others, as JSON types."""
    finding = group.first.finding
    return {
        "severity": finding.severity.value,
        "key": group.first.key,
        "message": finding.message,
        "fix": finding.remediation,
        "others": group.others,
    }


def describe_state(report: Report, severity: Severity) -> str:
    """Return a digest of the verdict and of the open findings of a severity and above.

    Two runs with the same digest need only one notification.
    """
    counted = SEVERITY_ORDER[: SEVERITY_ORDER.index(severity) + 1]
    keys = sorted(
        reported.key
        for reported in report.findings()
        if reported.finding.severity in counted and reported.acceptance is None
    )
    text = "\n".join([report.verdict.value, *keys])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def build_payload(report: Report, url: str) -> dict[str, Any]:
    """Return the body of a webhook.

    Args:
        report: The report of the run.
        url: Address of the run's page. Empty if the settings do not name the site.
    """
    return {
        "event": EVENT,
        "job": report.kind,
        "instance": report.instance,
        **summarize(report),
        "causes": [
            describe_cause(group)
            for severity in (Severity.BLOCKER, Severity.WARNING)
            for group in report.groups(severity)
        ],
        "url": url,
    }
