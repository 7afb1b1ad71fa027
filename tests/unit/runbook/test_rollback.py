"""The steps of each rollback option, from the first command to the verification."""

import re
import shlex
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Packages, Unavailable
from nautobot_upgrade_jobs.facts.backup_file import BackupFormat, Preamble
from nautobot_upgrade_jobs.facts.packages import Package
from nautobot_upgrade_jobs.migration_graph.reverse_plan import MigrateCall
from nautobot_upgrade_jobs.rollback.package_set import RollbackPlan
from nautobot_upgrade_jobs.runbook.rollback import plan_rollback_steps
from nautobot_upgrade_jobs.runbook.target_packages import TargetPackages
from nautobot_upgrade_jobs.runbook.upgrade import UpgradePlan, plan_upgrade
from tests.support.builders import DEPLOYMENTS, database, known, mysql, runtime_of

CURRENT = Packages((Package("nautobot", "3.2.7", (), ""),))
OPTIONS = ("reinstall", "roll_forward", "reverse_migrations", "restore_backup")


def create_plan(layout="virtualenv", server=None, **changes):
    no_snapshot = Unavailable("there is no snapshot of that state")
    server = server or database()
    here = runtime_of(layout), known(layout, server), server
    return replace(RollbackPlan(*here, CURRENT, no_snapshot, ()), **changes)


def rollback_steps(option, plan):
    return plan_rollback_steps(option, plan).steps


def commands_of(steps):
    return [command for step in steps for command in step.commands]


def required_files(steps):
    return {
        file for command in commands_of(steps) for file in re.findall(r"test -s (\S+)", command)
    }


@pytest.mark.parametrize("media", ["", "/opt/nautobot/media"])
@pytest.mark.parametrize("server", [database(), mysql()], ids=lambda server: server.vendor)
@pytest.mark.parametrize("layout", DEPLOYMENTS)
@pytest.mark.parametrize("option", OPTIONS)
def test_rollback_steps_need_only_files_that_the_upgrade_writes(option, layout, server, media):
    upgrade = UpgradePlan(
        runtime_of(layout),
        known(layout, server),
        server,
        TargetPackages("3.2.7", has_constraints=True),
        59,
        includes_apps=True,
        media=media,
    )
    steps = plan_upgrade(upgrade).steps
    written = " ".join(shlex.quote(command) for command in commands_of(steps))
    files = required_files(rollback_steps(option, create_plan(layout, server, media=media)))
    assert {file for file in files if file not in written} == set()
    assert files or option == "roll_forward"


@pytest.mark.parametrize("server", [database(), mysql()], ids=lambda server: server.vendor)
def test_rollback_steps_of_an_external_backup_wait_for_the_operator(server):
    """Only the backup's own program can restore it, and the server proves that it did."""
    call = MigrateCall("dcim", "0080", ("dcim.0082", "dcim.0081"))
    plan = create_plan(server=server, external_backup="the backup F1 (pgBackRest)", calls=(call,))
    steps = rollback_steps("restore_backup", plan)
    (restore,) = [step for step in steps if step.by_hand]
    assert "the backup F1 (pgBackRest)" in restore.why
    assert "0082" in restore.verify
    assert f"before-upgrade.{server.vendor}" not in required_files(steps)


def test_rollback_steps_with_a_snapshot_need_its_file():
    steps = rollback_steps("reverse_migrations", create_plan(snapshot="snapshot-a.json.gz"))
    assert "snapshot-a.json.gz" in required_files(steps)


@pytest.mark.parametrize(
    ("layout", "file"),
    [
        ("virtualenv", "/srv/snapshot-a.json.gz"),
        ("compose", "snapshot-a.json.gz"),
        ("kubernetes", "snapshot-a.json.gz"),
    ],
)
def test_rollback_steps_name_the_snapshot_where_the_commands_run(layout, file):
    """The path was that of a file in a container, where the planner ran."""
    plan = create_plan(layout, snapshot="/srv/snapshot-a.json.gz")
    steps = rollback_steps("reinstall", plan)
    assert file in required_files(steps)
    assert any(f"compare {file}" in command for command in commands_of(steps))


@pytest.mark.parametrize("option", [option for option in OPTIONS if option != "roll_forward"])
def test_rollback_steps_back_up_before_they_change_anything(option):
    commands = commands_of(rollback_steps(option, create_plan()))
    backup = next(at for at, line in enumerate(commands) if "> before-rollback" in line)
    changing = ("pip install", "nautobot-server migrate", "createdb", "DROP", "RENAME", "cp -p")
    assert not any(word in line for line in commands[:backup] for word in changing)
    assert any(word in line for line in commands[backup:] for word in changing)


@pytest.mark.parametrize("is_half_migrated", [True, False])
def test_rollback_steps_to_roll_forward_repair_a_partial_migration_first(is_half_migrated):
    found = rollback_steps("roll_forward", create_plan(is_half_migrated=is_half_migrated))
    titles = [step.title for step in found]
    repair, finish = "Repair the partially applied migration", "Finish the upgrade"
    assert (repair in titles) is is_half_migrated
    assert not is_half_migrated or titles.index(repair) == titles.index(finish) - 1


@pytest.mark.parametrize(
    ("server", "format_", "preamble", "command"),
    [
        (database(), None, Preamble.NONE, "pg_restore --dbname=nautobot --single-transaction"),
        (database(), BackupFormat.ARCHIVE, Preamble.NONE, "< 'my dump'"),
        (database(), BackupFormat.SQL, Preamble.NONE, "--quiet < 'my dump'"),
        (
            database(),
            BackupFormat.SQL,
            Preamble.CONNECT,
            r"sed '1,/^\\connect /d' 'my dump' | psql",
        ),
        (database(), BackupFormat.SQL, Preamble.DROPS, "/^DROP /d;"),
        (
            database(),
            BackupFormat.COMPRESSED_SQL,
            Preamble.NONE,
            "gunzip --stdout 'my dump' | psql",
        ),
        (
            database(),
            BackupFormat.COMPRESSED_SQL,
            Preamble.CONNECT,
            r"gunzip --stdout 'my dump' | sed '1,/^\\connect /d' | psql",
        ),
        (mysql(), BackupFormat.SQL, Preamble.NONE, "< 'my dump'"),
        (mysql(), BackupFormat.COMPRESSED_SQL, Preamble.NONE, "gunzip --stdout 'my dump' | mysql"),
    ],
)
def test_rollback_steps_restore_the_given_backup_by_its_format(server, format_, preamble, command):
    given = {"backup": "my dump", "backup_format": format_, "backup_preamble": preamble}
    steps = rollback_steps("restore_backup", create_plan(server=server, **given if format_ else {}))
    assert [line for line in commands_of(steps) if command in line]


@pytest.mark.parametrize(("option", "purges"), [("restore_backup", True), ("reinstall", False)])
def test_rollback_steps_only_a_restore_purges_the_queue(option, purges):
    assert (
        any("purge" in line for line in commands_of(rollback_steps(option, create_plan())))
        is purges
    )
