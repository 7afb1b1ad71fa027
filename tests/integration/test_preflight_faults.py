"""The faults of the demo: planted, found, and fixed by the commands of their findings."""

import os
import shlex
import subprocess

import pytest
from django.conf import settings
from django.db import connection

from development import demo_faults
from nautobot_upgrade_jobs.checks.remediation import CommandKind
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.preflight import run_preflight

pytestmark = pytest.mark.skipif(
    settings.VERSION.startswith("3."), reason="the faults are those of a 2.4 before its upgrade"
)
SHELL = "nautobot-server"
POSTGRESQL_ONLY = {"second_index_on_prefixes", "tables_of_a_removed_app", "migration_ids_behind"}
FOUND_BY = {
    "schedule_awaiting_approval": "jobs.pending_approvals:Nightly greeting, to be approved",
    "schedule_with_null_arguments": "jobs.null_arguments:Imported years ago",
    "dangling_cable": "data.dangling_cables:dcim_cable",
    "second_index_on_prefixes": "data.ambiguous_indexes:ipam_prefix(network, broadcast,"
    " prefix_length)",
    "social_login_without_uid": "data.empty_social_uids:social_auth_usersocialauth",
    "tables_of_a_removed_app": "apps.orphaned_data:nautobot_firewall_models",
    "migration_ids_behind": "database.sequence_behind:django_migrations.id",
    "job_stuck_in_started": "jobs.running:extras_jobresult",
    "negated_group": "data.negated_group_filters:extras_dynamicgroup",
    "job_that_needs_approval": "jobs.lost_approval_requirement:extras_job",
}
FIXED_BY_COMMANDS = {
    "schedule_with_null_arguments",
    "dangling_cable",
    "second_index_on_prefixes",
    "social_login_without_uid",
    "migration_ids_behind",
}
NEEDS_ITS_APP = {"validation_app_in_use", "compliance_of_a_numbered_object"}


@pytest.fixture(autouse=True)
def _own_database(clone, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.workers.REPLY_TIMEOUT_SECONDS", 0.05)
    with clone("sample"):
        yield


def found_faults(names):
    """Return the finding of each fault that a run for 3.2.7 finds, by the name of the fault."""
    report = run_preflight(RunRequest(target="3.2.7"))
    return {
        name: one.finding
        for name in names
        for one in report.findings()
        if one.key.startswith(FOUND_BY[name])
    }


def run(command):
    if command.kind is CommandKind.SHELL:
        assert command.text.startswith(SHELL), command
        environment = os.environ | {"NAUTOBOT_DB_NAME": connection.settings_dict["NAME"]}
        subprocess.run(shlex.split(command.text), env=environment, check=True, capture_output=True)
    else:
        with connection.cursor() as cursor:
            cursor.execute(command.text)


def test_preflight_finds_each_demo_fault_and_its_commands_fix_it(instance):
    """All faults at once, because each run takes seconds and no fault hides another."""
    names = [name for name in FOUND_BY if instance.engine != "mysql" or name not in POSTGRESQL_ONLY]
    assert found_faults(names) == {}
    for name in names:
        getattr(demo_faults, name)()
    found = found_faults(names)
    assert list(found) == names
    for name in FIXED_BY_COMMANDS & set(names):
        for command in found[name].commands:
            run(command)
    assert set(found_faults(names)) == set(names) - FIXED_BY_COMMANDS


def test_every_demo_fault_has_a_row():
    assert {fault.__name__ for fault in demo_faults.FAULTS} == set(FOUND_BY) | NEEDS_ITS_APP
