"""The JSON report, a public interface that ``schema/report-1.json`` describes.

Every field is written explicitly. A change of the internal types therefore does not change the file
format.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ...checks.findings import Acceptance, CheckResult
from ...checks.release_notes import TriagedNote
from ...deployment.known import Part
from ...facts.prediction import PredictionScore
from ...rollback.options import RollbackDecision, RollbackOption
from ...runbook.steps import Runbook, Step
from ...snapshot.compare import Change
from ...upgrade.package_changes import PackageChange
from ..model import Report
from ..rehearsal_json import serialize_rehearsal
from ..reported_finding import ReportedFinding

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Return the report as JSON text with keys in a stable order."""
    return json.dumps(build_document(report), indent=2, ensure_ascii=False) + "\n"


def load_schema() -> dict[str, Any]:
    """Return the JSON Schema of the JSON report."""
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
        "stage_seconds": {name: round(each, 3) for name, each in report.stage_seconds.items()},
        "current": report.current,
        "target": report.target,
        "installed_version": report.installed_version,
        "target_version": report.target_version,
        "baseline": report.baseline,
        "verdict": report.verdict.value,
        "headline": report.headline,
        "next_step": report.next_step,
        "counts": report.counts,
        "only": list(report.only),
        "findings": [_serialize_finding(reported) for reported in report.findings()],
        **{
            name: list(map(_serialize_acceptance, getattr(report, name)))
            for name in ("lapsed_acceptances", "refused_acceptances", "unmatched_acceptances")
        },
        "checks": [_serialize_check(result) for result in report.results],
        "not_checked": [_serialize_not_checked(result, report) for result in report.not_checked],
        "unused_sources": report.unused_sources,
        "changes": [_serialize_change(change) for change in report.changes],
        "packages": None
        if report.packages is None
        else [_serialize_package(change) for change in report.packages],
        "release_notes": None
        if report.release_notes is None
        else [_serialize_note(triaged) for triaged in report.release_notes],
        "distributions_without_notes": list(report.distributions_without_notes),
        **_serialize_runbook(report.runbook),
        "rollback": None
        if report.rollback_decision is None
        else _serialize_decision(report.rollback_decision),
        "rehearsal": None if report.rehearsal is None else serialize_rehearsal(report.rehearsal),
        "migrations": None if report.migrations is None else list(report.migrations),
        "migration_seconds": _serialize_range(report.migration_seconds),
        "prediction_score": None
        if report.prediction_score is None
        else _serialize_score(report.prediction_score),
        "tool": report.tool,
        "catalog": report.catalog,
    }


def _serialize_range(seconds: tuple[float, float] | None) -> list[float] | None:
    return None if seconds is None else [round(each, 1) for each in seconds]


def _serialize_score(score: PredictionScore) -> dict[str, Any]:
    return {
        "created": score.created,
        "predicted_migrations": score.predicted_migrations,
        "applied_migrations": score.applied_migrations,
        "predicted_seconds": _serialize_range(score.predicted_seconds),
        "seconds": None if score.seconds is None else round(score.seconds, 1),
        "in_range": score.is_in_range,
        "blockers": list(score.blockers),
        "surprises": list(score.surprises),
    }


def _serialize_finding(reported: ReportedFinding) -> dict[str, Any]:
    finding = reported.finding
    return {
        "key": reported.key,
        "check": reported.check,
        "severity": finding.severity.value,
        "phase": finding.phase.value,
        "impact": finding.impact.value,
        "subject": finding.subject,
        "message": finding.message,
        "remediation": finding.remediation,
        "when": finding.when.value,
        "commands": [
            {"kind": command.kind.value, "text": command.text} for command in finding.commands
        ],
        "evidence": list(finding.evidence),
        "references": list(finding.references),
        "acceptable": reported.is_acceptable,
        "accepted": _serialize_acceptance(reported.acceptance) if reported.acceptance else None,
    }


def _serialize_change(change: Change) -> dict[str, str]:
    return {
        "kind": change.kind.value,
        "section": change.section,
        "subject": change.subject,
        "description": change.description,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
        "reference": change.reference,
    }


def _serialize_runbook(runbook: Runbook) -> dict[str, Any]:
    downtime = runbook.downtime
    return {
        "deployment": [_serialize_part(part) for part in runbook.deployment],
        "downtime": None
        if downtime is None
        else {"class": downtime.kind.value, "reasons": list(downtime.reasons)},
        "instructions": runbook.instructions,
        "shell_setup": list(runbook.shell_setup),
        "steps": [_serialize_step(step) for step in runbook.steps],
    }


def _serialize_step(step: Step) -> dict[str, Any]:
    return {
        "title": step.title,
        "why": step.why,
        "commands": list(step.commands),
        "verify": step.verify,
        "expected": step.expected,
        "by_hand": step.by_hand,
        "irreversible": step.irreversible,
    }


def _serialize_part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "values": list(part.values),
        "source": part.source.value,
        "evidence": part.evidence,
    }


def _serialize_decision(decision: RollbackDecision) -> dict[str, Any]:
    return {
        "state": decision.diagnosis.state.value,
        "summary": decision.diagnosis.summary,
        "committed": decision.diagnosis.committed,
        "pending": list(decision.diagnosis.pending),
        "recommended": decision.recommended.kind,
        "chosen": decision.chosen.kind,
        "options": [_serialize_option(option) for option in decision.options],
    }


def _serialize_option(option: RollbackOption) -> dict[str, Any]:
    return {
        "kind": option.kind,
        "feasible": option.feasible,
        "infeasible_reason": option.infeasible_reason,
        "fails_at": option.failure.migration if option.failure else None,
        "point_of_no_return": option.point_of_no_return or None,
        "unreversed_schema": list(option.unreversed_schema),
        "losses": [
            {
                "kind": loss.kind,
                "subject": loss.subject,
                "count": loss.count,
                "cause": loss.cause,
                "description": loss.description,
                "sample": list(loss.sample),
                "link": loss.link,
            }
            for loss in option.losses
        ],
        "prerequisites": list(option.prerequisites),
        "unknowns": list(option.unknowns),
        "seconds": None if option.seconds is None else [round(end) for end in option.seconds],
        "basis": option.basis,
    }


def _serialize_note(triaged: TriagedNote) -> dict[str, Any]:
    note = triaged.note
    return {
        "distribution": note.distribution,
        "release": note.release,
        "kind": note.kind,
        "heading": note.heading,
        "text": note.text,
        "identifiers": list(note.identifiers),
        "link": note.link,
        "findings": list(triaged.findings),
        "not_applicable_reason": triaged.not_applicable_reason,
    }


def _serialize_package(change: PackageChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "required_by": list(change.required_by),
    }


def _serialize_not_checked(result: CheckResult, report: Report) -> dict[str, str]:
    return {
        "check": result.check,
        "status": result.status.value,
        "reason": report.describe_not_checked(result),
    }


def _serialize_acceptance(acceptance: Acceptance) -> dict[str, str]:
    return {
        "finding": acceptance.finding,
        "reason": acceptance.reason,
        "who": acceptance.who,
        "until": acceptance.until.isoformat(),
        "target": acceptance.target,
    }


def _serialize_check(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "title": result.title,
        "why": result.why,
        "status": result.status.value,
        "evidence_source": result.evidence_source,
        "reason": result.reason,
        "findings": len(result.findings),
    }
