"""Plan a rollback from two snapshot files: no Nautobot is loaded, and rows are not checked."""

import subprocess
import sys
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, dump
from nautobot_upgrade_jobs.workflows.rollback_offline import plan_rollback_offline
from tests.support.builders import added, facts, migrations, runtime

OLD = migrations((Migration("dcim.0001", (), ()),), ("dcim.0001",))
NEW = migrations(
    (
        Migration("dcim.0001", (), ()),
        Migration(
            "dcim.0002", ("dcim.0001",), (), (Operation("CreateModel", (added("dcim_new"),)),)
        ),
    ),
    ("dcim.0001", "dcim.0002"),
)


def snapshot(created, state, **changes):
    return Snapshot("here", created, "tool", facts(migrations=state, runtime=runtime(**changes)))


PREVIOUS = snapshot("2026-11-20T12:00:00+00:00", OLD, nautobot="2.4.44")
CURRENT = snapshot("2026-11-21T12:00:00+00:00", NEW, nautobot="3.2.7")


def test_plan_rollback_offline_evaluates_the_options():
    report = plan_rollback_offline(CURRENT, PREVIOUS, "before.json.gz")
    assert (report.current, report.instance) == ("Nautobot 3.2.7", "here")
    assert report.target.startswith("Nautobot 2.4.44, 2026-11-20")
    options = {option.kind: option for option in report.rollback_decision.options}
    (loss,) = options["reverse_migrations"].losses
    assert (loss.subject, loss.count) == ("dcim_new", None)  # neither file has the rows
    assert any("before.json.gz" in command for command in report.runbook.steps[-1].commands)


def test_plan_rollback_offline_equal_migrations_recommend_reinstall():
    later = replace(CURRENT, facts=replace(CURRENT.facts, migrations=OLD))
    report = plan_rollback_offline(later, PREVIOUS)
    assert (report.rollback_decision.recommended.kind, report.verdict) == (
        "reinstall",
        Verdict.CAUTION,
    )
    assert [finding.key for finding in report.findings()] == [
        "rollback.unavailable_packages:packages"
    ]


def test_plan_rollback_offline_writes_no_script():
    assert not plan_rollback_offline(CURRENT, PREVIOUS).database_state


@pytest.mark.parametrize(
    ("current", "previous", "message"),
    [
        (PREVIOUS, CURRENT, "not older than the current snapshot"),
        (CURRENT, CURRENT, "not older than the current snapshot"),
        (CURRENT, replace(PREVIOUS, instance="elsewhere"), "of another instance"),
        (
            replace(CURRENT, facts=replace(CURRENT.facts, migrations=Unavailable("no"))),
            PREVIOUS,
            "lacks the installed packages",
        ),
    ],
)
def test_plan_rollback_offline_unrelated_snapshots_are_refused(current, previous, message):
    with pytest.raises(UsageError, match=message):
        plan_rollback_offline(current, previous)


def test_plan_rollback_offline_from_a_shell(tmp_path):
    for name, file in (("current", CURRENT), ("previous", PREVIOUS)):
        (tmp_path / f"{name}.json.gz").write_bytes(dump(file))
    arguments = [
        "rollback",
        "--facts",
        tmp_path / "current.json.gz",
        "--to",
        tmp_path / "previous.json.gz",
    ]
    completed = subprocess.run(
        [
            sys.executable,
            "-m",
            "nautobot_upgrade_jobs",
            *arguments,
            "--strategy",
            "reverse_migrations",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode in (0, 2, 3), completed.stderr
    assert "Reverse the migrations" in completed.stdout
