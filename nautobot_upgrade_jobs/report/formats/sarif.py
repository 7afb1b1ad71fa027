"""The report as SARIF 2.1.0, for platforms that collect the findings of many tools."""

from __future__ import annotations

import json
import re
from typing import Any

from ...checks.findings import CheckResult, Severity, Status
from ...common.text import escape_nonprintable
from ..model import TOOL_NAME, Report
from ..remediation_text import TO_DO
from ..reported_finding import ReportedFinding

LEVELS = {Severity.BLOCKER: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
SCHEMA_URL = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    """Return the report as SARIF text in ASCII, because users may print it on a terminal."""
    return json.dumps(build_document(report), indent=2) + "\n"


def build_document(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON types, in the shape of SARIF."""
    rules = {result.check: number for number, result in enumerate(report.results)}
    run = {
        "tool": {
            "driver": {
                "name": TOOL_NAME,
                "version": report.tool_version,
                "rules": [_build_rule(result) for result in report.results],
            }
        },
        "automationDetails": {"id": f"{report.kind}/{report.file_stem}"},
        "invocations": [
            {
                "executionSuccessful": not report.not_checked,
                "endTimeUtc": f"{report.created:%Y-%m-%dT%H:%M:%SZ}",
                "toolExecutionNotifications": [
                    _build_notification(result, rules) for result in report.not_checked
                ],
            }
        ],
        "results": [_build_result(reported, rules) for reported in report.findings()],
        "properties": {
            "verdict": report.verdict.value,
            "instance": report.instance,
            "current": report.current,
            "target": report.target,
            "installed_version": report.installed_version,
            "target_version": report.target_version,
        },
    }
    return {"$schema": SCHEMA_URL, "version": "2.1.0", "runs": [run]}


def _build_rule(result: CheckResult) -> dict[str, Any]:
    details = {"fullDescription": _build_message(result.why)} if result.why else {}
    return {"id": result.check, "shortDescription": _build_message(result.title), **details}


def _build_notification(result: CheckResult, rules: dict[str, int]) -> dict[str, Any]:
    return {
        "level": "error" if result.status is Status.CRASHED else "warning",
        "message": _build_message(f"{result.check}: not checked: {result.reason}"),
        "associatedRule": {"id": result.check, "index": rules[result.check]},
    }


def _build_result(reported: ReportedFinding, rules: dict[str, int]) -> dict[str, Any]:
    finding = reported.finding
    accepted = reported.acceptance
    suppressed = f"{accepted.who}, until {accepted.until}: {accepted.reason}" if accepted else ""
    location = {"fullyQualifiedName": escape_nonprintable(finding.subject), "kind": "resource"}
    return {
        "ruleId": reported.check,
        "ruleIndex": rules[reported.check],
        "level": LEVELS[finding.severity],
        "message": _build_message(
            f"{finding.message} {TO_DO[finding.when]}: {finding.remediation}"
        ),
        "locations": [{"logicalLocations": [location]}],
        "partialFingerprints": {"finding/v1": reported.key},
        "suppressions": [{"kind": "external", "status": "accepted", "justification": suppressed}]
        if suppressed
        else [],
        "properties": {
            "phase": finding.phase.value,
            "impact": finding.impact.value,
            "commands": [command.text for command in finding.commands],
            "evidence": list(finding.evidence),
            "references": list(finding.references),
        },
    }


def _build_message(text: str) -> dict[str, str]:
    """Return a message with brackets (links) and braces (arguments) escaped."""
    return {
        "text": re.sub(
            r"([\\\[\]])", r"\\\1", re.sub(r"([{}])", r"\1\1", escape_nonprintable(text))
        )
    }
