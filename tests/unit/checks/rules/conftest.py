"""Run checks on facts, and compare every finding with the golden file of the test module.

After an intended change of a text: ``UPDATE_GOLDEN=1 python -m pytest tests/unit/checks/rules``
(without ``-n``), and read the diff of ``golden/``.
"""

import json
import os
from enum import Enum
from pathlib import Path

import pytest

from nautobot_upgrade_jobs.checks.expectation_parser import NO_EXPECTATIONS
from nautobot_upgrade_jobs.checks.registry import Check, NotApplicable, all_checks
from nautobot_upgrade_jobs.checks.remediation import Command
from nautobot_upgrade_jobs.checks.runner import (
    NOT_ASSESSED,
    NOT_BOOTED,
    NOT_REHEARSED,
    NOT_RESOLVED,
    run_checks,
)
from nautobot_upgrade_jobs.facts import FactUnavailable
from nautobot_upgrade_jobs.rollback.backup_check import NO_BACKUP
from nautobot_upgrade_jobs.upgrade.rehearsed import NO_REHEARSAL
from tests.support import builders

GOLDEN = Path(__file__).parent / "golden"
FIELDS = (
    "severity",
    "subject",
    "message",
    "remediation",
    "when",
    "commands",
    "evidence",
    "phase",
    "impact",
    "references",
    "supersedes",
)


def as_json(value):
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Command):
        return {"kind": value.kind.value, "text": value.text}
    return [as_json(item) for item in value] if isinstance(value, tuple) else value


def as_record(check_id, finding):
    return {"check": check_id, **{name: as_json(getattr(finding, name)) for name in FIELDS}}


def golden_file(module_path):
    return GOLDEN / f"{Path(module_path).stem}.json"


def read_golden(module_path):
    path = golden_file(module_path)
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write_golden(module_path, entries):
    GOLDEN.mkdir(exist_ok=True)
    text = json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False)
    golden_file(module_path).write_text(f"{text}\n", "utf-8")


@pytest.fixture(autouse=True)
def golden_findings(request, monkeypatch):
    """Compare all findings and reasons of a test with its golden entry.

    A test without an entry fails.
    """
    records = []
    call = Check.__call__

    def record_findings(self, *args, **kwargs):
        try:
            for finding in call(self, *args, **kwargs):
                records.append(as_record(self.id, finding))
                yield finding
        except (FactUnavailable, NotApplicable) as reason:
            records.append({"check": self.id, "reason": str(reason)})
            raise

    monkeypatch.setattr(Check, "__call__", record_findings)
    yield
    name, module_path = request.node.name, request.node.path
    entries = read_golden(module_path)
    if os.environ.get("UPDATE_GOLDEN"):
        write_golden(module_path, {**without_stale(request, entries), name: records})
        return
    assert name in entries, f"no golden entry for {name}: run with UPDATE_GOLDEN=1"
    assert records == entries[name], "the findings differ from the golden file"


def without_stale(request, entries):
    """Return the entries of existing tests; all of them if only some tests were selected."""
    config = request.config
    if config.option.keyword or config.option.markexpr or any("::" in arg for arg in config.args):
        return entries
    collected = {item.name for item in request.session.items if item.path == request.node.path}
    return {name: records for name, records in entries.items() if name in collected}


@pytest.fixture
def findings_of():
    """Return a function: check id and facts to pairs of (severity, subject), or to the status."""

    def run(
        check_id,
        facts=None,
        target=None,
        expectations=NO_EXPECTATIONS,
        resolution=NOT_RESOLVED,
        trial_boot=NOT_BOOTED,
        choice=NOT_ASSESSED,
        backup=NO_BACKUP,
        rehearsal=NOT_REHEARSED,
        earlier_rehearsal=NO_REHEARSAL,
    ):
        (check,) = [check for check in all_checks() if check.id == check_id]
        (result,) = run_checks(
            facts or builders.facts(),
            target or builders.target(),
            builders.CATALOG,
            (),
            [check],
            expectations,
            resolution,
            trial_boot,
            choice,
            backup,
            rehearsal=rehearsal,
            earlier_rehearsal=earlier_rehearsal,
        )
        if result.status.value not in ("passed", "failed"):
            return result.status.value
        return [(finding.severity.value, finding.subject) for finding in result.findings]

    return run
