"""The JSON report: an interface of its own, described by ``schema/report-1.json``.

It is written out field by field and not dumped from the internal types, so that a change inside
does not become a change for those who read the file.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ...checks.findings import Acceptance, CheckResult
from ...checks.release_notes import TriagedNote
from ...rollback.options import Choice, Way
from ...runbook.upgrade import Step
from ...snapshot.compare import Change
from ...upgrade.package_changes import PackageChange
from ..model import Report, ReportedFinding

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Return the report as JSON text, keys in a stable order."""
    return json.dumps(build_document(report), indent=2, ensure_ascii=False) + "\n"


def load_schema() -> dict[str, Any]:
    """Return the JSON Schema that every JSON report conforms to."""
    text = (
        files(__package__.rpartition(".")[0])
        .joinpath(f"schema/report-{SCHEMA_VERSION}.json")
        .read_text("utf-8")
    )
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def build_document(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON types."""
    return {
        "schema": SCHEMA_VERSION,
        "kind": report.kind,
        "instance": report.instance,
        "created": report.created.isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 3),
        "current": report.current,
        "target": report.target,
        "baseline": report.baseline,
        "verdict": report.verdict.value,
        "headline": report.headline,
        "next_step": report.next_step,
        "counts": report.counts,
        "findings": [_serialize_finding(one) for one in report.findings()],
        "lapsed_acceptances": [_serialize_acceptance(one) for one in report.lapsed_acceptances],
        "unmatched_acceptances": [
            _serialize_acceptance(one) for one in report.unmatched_acceptances
        ],
        "checks": [_serialize_check(result) for result in report.results],
        "not_checked": [
            {"check": result.check, "status": result.status.value, "reason": result.reason}
            for result in report.not_checked
        ],
        "engines_not_used": report.unused_sources,
        "changes": [_serialize_change(one) for one in report.changes],
        "packages": None
        if report.packages is None
        else [_serialize_package(one) for one in report.packages],
        "notes": None
        if report.release_notes is None
        else [_serialize_note(one) for one in report.release_notes],
        "without_notes": list(report.distributions_without_notes),
        "steps": [_serialize_step(one) for one in report.steps],
        "ways": None
        if report.rollback_decision is None
        else _serialize_decision(report.rollback_decision),
        "migrations": None if report.migrations is None else list(report.migrations),
        "tool": report.tool,
        "catalog": report.catalog,
    }


def _serialize_finding(one: ReportedFinding) -> dict[str, Any]:
    finding = one.finding
    return {
        "key": one.key,
        "check": one.check,
        "severity": finding.severity.value,
        "phase": finding.phase.value,
        "impact": finding.impact.value,
        "subject": finding.subject,
        "message": finding.message,
        "remediation": finding.remediation,
        "commands": list(finding.commands),
        "evidence": list(finding.evidence),
        "references": list(finding.references),
        "accepted": _serialize_acceptance(one.acceptance) if one.acceptance else None,
    }


def _serialize_change(one: Change) -> dict[str, str]:
    return {
        "kind": one.kind.value,
        "section": one.section,
        "subject": one.subject,
        "story": one.story,
        "before": one.before,
        "after": one.after,
        "reason": one.reason,
        "reference": one.reference,
    }


def _serialize_step(one: Step) -> dict[str, Any]:
    return {
        "title": one.title,
        "why": one.why,
        "commands": list(one.commands),
        "verify": one.verify,
        "irreversible": one.irreversible,
    }


def _serialize_decision(choice: Choice) -> dict[str, Any]:
    return {
        "stage": choice.diagnosis.stage.value,
        "story": choice.diagnosis.story,
        "committed": choice.diagnosis.committed,
        "pending": list(choice.diagnosis.pending),
        "advised": choice.advised.kind,
        "chosen": choice.chosen.kind,
        "ways": [_serialize_option(one) for one in choice.ways],
    }


def _serialize_option(one: Way) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "leads_there": one.goes,
        "why_not": one.why_not,
        "stops_at": one.stop.migration if one.stop else None,
        "no_return": one.no_return or None,
        "stays": list(one.stays),
        "losses": [
            {
                "kind": loss.kind,
                "subject": loss.subject,
                "number": loss.number,
                "cause": loss.cause,
                "says": loss.says,
                "sample": list(loss.sample),
                "link": loss.link,
            }
            for loss in one.losses
        ],
        "needs": list(one.needs),
        "open": list(one.doubts),
        "seconds": None if one.seconds is None else [round(end) for end in one.seconds],
        "basis": one.basis,
    }


def _serialize_note(one: TriagedNote) -> dict[str, Any]:
    note = one.note
    return {
        "distribution": note.distribution,
        "release": note.release,
        "kind": note.kind,
        "heading": note.heading,
        "text": note.text,
        "names": list(note.identifiers),
        "link": note.link,
        "findings": list(one.findings),
        "not_here": one.not_applicable_reason,
    }


def _serialize_package(one: PackageChange) -> dict[str, Any]:
    return {
        "name": one.name,
        "before": one.before,
        "after": one.after,
        "wanted_by": list(one.wanted_by),
    }


def _serialize_acceptance(one: Acceptance) -> dict[str, str]:
    return {
        "finding": one.finding,
        "reason": one.reason,
        "who": one.who,
        "until": one.until.isoformat(),
        "target": one.target,
    }


def _serialize_check(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "title": result.title,
        "why": result.why,
        "status": result.status.value,
        "engine": result.evidence_source,
        "reason": result.reason,
        "findings": len(result.findings),
    }
