"""The planner from two files: it loads no Nautobot, and says what only one could find out."""

import subprocess
import sys
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.app_settings import UsageError
from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.snapshot.file_format import Snapshot, seal
from nautobot_upgrade_jobs.workflows.rollback_offline import plan_rollback_offline
from tests.support.builders import facts, migrations, runtime

OLD = migrations((Migration("dcim.0001", (), ()),), ("dcim.0001",))
NEW = migrations(
    (
        Migration("dcim.0001", (), ()),
        Migration("dcim.0002", ("dcim.0001",), (), (Operation("CreateModel", ("dcim_new",)),)),
    ),
    ("dcim.0001", "dcim.0002"),
)


def snapshot(created, state, **changes):
    return Snapshot("here", created, "tool", facts(migrations=state, runtime=runtime(**changes)))


THEN = snapshot("2026-11-20T12:00:00+00:00", OLD, nautobot="2.4.44")
NOW = snapshot("2026-11-21T12:00:00+00:00", NEW, nautobot="3.2.7")


def test_the_ways_are_weighed():
    report = plan_rollback_offline(NOW, THEN, "before.json.gz")
    assert (report.current, report.instance) == ("Nautobot 3.2.7", "here")
    assert report.target.startswith("Nautobot 2.4.44, 2026-11-20")
    ways = {one.kind: one for one in report.rollback_decision.ways}
    (loss,) = ways["reverse"].losses
    assert (loss.subject, loss.number) == ("dcim_new", None)  # neither file has looked at rows
    assert any("before.json.gz" in command for command in report.steps[-1].commands)


def test_equal_migrations_need_nothing():
    later = replace(NOW, facts=replace(NOW.facts, migrations=OLD))
    report = plan_rollback_offline(later, THEN)
    assert (report.rollback_decision.advised.kind, report.verdict) == ("nothing", Verdict.CAUTION)
    assert [one.key for one in report.findings()] == ["rollback.unavailable_packages:packages"]


def test_there_is_no_script_for_what_nobody_has_looked_at():
    assert not plan_rollback_offline(NOW, THEN).database_state


@pytest.mark.parametrize(
    ("now", "then", "says"),
    [
        (THEN, NOW, "is not the older one"),
        (NOW, NOW, "is not the older one"),
        (NOW, replace(THEN, instance="elsewhere"), "of another instance"),
        (
            replace(NOW, facts=replace(NOW.facts, migrations=Unavailable("no"))),
            THEN,
            "does not say what is installed",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(now, then, says):
    with pytest.raises(UsageError, match=says):
        plan_rollback_offline(now, then)


def test_from_a_shell(tmp_path):
    for name, one in (("now", NOW), ("then", THEN)):
        (tmp_path / f"{name}.json.gz").write_bytes(seal(one))
    words = ["rollback", "--facts", tmp_path / "now.json.gz", "--to", tmp_path / "then.json.gz"]
    done = subprocess.run(
        [sys.executable, "-m", "nautobot_upgrade_jobs", *words, "--way", "reverse"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 2, 3), done.stderr
    assert "Reverse the migrations" in done.stdout
