"""Preflight from outside, for a real Nautobot 1.6.32 that this App does not support."""

import json
import os
import subprocess
import sys

import pytest

from development import legacy

pytestmark = [pytest.mark.once, pytest.mark.network]

PREDICTED = {
    "legacy_data.location_names:dcim_site",
    "legacy_data.location_names:dcim_location",
    "legacy_data.location_names:dcim_locationtype",
    "legacy_data.addresses_in_several_vrfs:ipam_ipaddress",
    "legacy_data.duplicate_names:dcim_virtualchassis",
    "legacy_data.duplicate_names:extras_exporttemplate",
    "legacy_data.schedules_without_user:extras_scheduledjob",
}
"""Each planted row stops ``migrate``: tests/upgrade/test_from_1x.py lets it happen."""
CHANGED = {
    "legacy_data.outdated_group_filters:extras_dynamicgroup",
    "legacy_data.renamed_keys:keys",
    "legacy_data.role_custom_fields:roles",
    "legacy_data.created_prefixes:ipam_prefix",
}


@pytest.fixture(scope="module")
def database(instance):
    """A database of 1.6.32 with the planted rows."""
    if instance.engine != "postgresql":
        pytest.skip("the dump is of PostgreSQL")
    legacy.ensure_installation()
    name = f"test_{os.getpid()}_legacy"
    server = instance.server()
    server.restore(legacy.find_dump(), name)
    yield name
    server.drop(name)


def preflight(database, *words, code=2):
    """The JSON report of a run, which must end with an exit code."""
    config = str(legacy.FOLDER / "nautobot_config.py")
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "preflight", "--config", config]
    done = subprocess.run(
        [*command, "--target", "2.4.44", "--format", "json", *words],
        env={**os.environ, "LEGACY_DB_NAME": database},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code != 1 else done.stderr


def test_planted_rows_are_predicted_and_nothing_changes(instance, database):
    before = state_of(instance, database)
    report = preflight(database)
    found = {one["key"]: one["severity"] for one in report["findings"]}
    assert {key for key, severity in found.items() if severity == "blocker"} == PREDICTED
    assert found.keys() >= CHANGED
    assert (report["installed_version"], len(report["migrations"])) == ("1.6.32", 233)
    assert "settings.removed:CELERY_RESULT_BACKEND" not in found
    assert state_of(instance, database) == before


def state_of(instance, database):
    """The schema of a database, and a digest of the rows of each table."""
    tables = instance.server().sql(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        database=database,
    )
    query = " UNION ALL ".join(
        f"SELECT '{table}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
        for table in tables.splitlines()
    )
    schema = instance.server().schema(database).splitlines()
    lines = [line for line in schema if "restrict " not in line]  # with a key of each dump
    return lines, instance.server().sql(query, database=database)


def test_what_only_the_installation_knows_is_not_checked(database):
    report = preflight(database, "--exclude", "runtime.unsupported_python")
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "installed release" in reasons["workers.none_responding"]
    assert reasons["runtime.unsupported_python"] == "excluded on request"
    assert "migrations.unapplied" not in reasons


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--config", "/no/config.py"), "--config: /no/config.py is not a file"),
        (("--python", "/bin/true"), "--python: /bin/true did not describe itself"),
        (("--target", "2.0.6"), "--target: 2.0.6 is older than"),
        (("--env-file", "/no/env"), "--env-file: /no/env cannot be read"),
    ],
)
def test_invalid_argument_is_named(database, words, message):
    assert message in preflight(database, *words, code=1)


QUERIES = """
import json, sys
from types import SimpleNamespace
from django.db import connection
from nautobot_upgrade_jobs.collect.legacy_data import collect
from nautobot_upgrade_jobs.collect.data import _find_ambiguous_indexes
found = collect(SimpleNamespace(connection=connection))
counts = {name: getattr(value, "count", str(value)) for name, value in vars(found).items()}
print("FOUND", json.dumps(counts))
print("INDEXES", _find_ambiguous_indexes(connection).reason)
"""
CHANGES = {
    "global_regions": ("UPDATE dcim_region SET name = 'Global Region' WHERE slug = 'europe'", 1),
    "sibling_names": ("UPDATE dcim_region SET name = 'Munich' WHERE slug = 'berlin'", 0),
    "reserved_location_types": (
        "UPDATE dcim_locationtype SET name = 'region' WHERE slug = 'region'",
        0,
    ),
    "mixed_vrf_interfaces": (
        "UPDATE ipam_ipaddress SET vrf_id = (SELECT id FROM ipam_vrf LIMIT 1)",
        0,
    ),
    "schedules_without_user": ("UPDATE extras_scheduledjob SET kwargs = '{}'", 0),
    "outdated_group_filters": (
        'UPDATE extras_dynamicgroup SET filter = \'{"name": ["x"], "has_interfaces": true}\'',
        0,
    ),
    "renamed_keys": ("UPDATE extras_customfield SET name = 'Cost Center', slug = 'cost_center'", 1),
    "role_custom_fields": ("UPDATE dcim_devicerole SET _custom_field_data = '{\"x\": null}'", 0),
    "duplicate_prefixes": ("DELETE FROM ipam_prefix WHERE vrf_id IS NULL", 0),
}
"""A change of the planted rows, and the number of rows that the query then finds."""


def test_queries_find_only_what_stops_or_changes(instance, database):
    name = f"{database}_changed"
    instance.server().clone(database, name)
    for statement, _ in CHANGES.values():
        instance.server().sql(statement, database=name)
    done = subprocess.run(
        ["nautobot-server", "shell", "--command", QUERIES],
        env={**os.environ, "NAUTOBOT_DB_NAME": name},
        capture_output=True,
        text=True,
        check=False,
    )
    instance.server().drop(name)
    found = json.loads(done.stdout.partition("FOUND ")[2].splitlines()[0])
    assert {key: found[key] for key in CHANGES} == {key: end for key, (_, end) in CHANGES.items()}
    assert "have not run" in done.stdout.partition("INDEXES ")[2]


def test_newest_target_gives_no_blocker_of_its_own(database):
    report = preflight(database, "--target", "3.2.7")
    blockers = {one["key"] for one in report["findings"] if one["severity"] == "blocker"}
    assert {key for key in blockers if not key.startswith("legacy_data.")} <= {
        key for key in blockers if key.startswith(("preconditions.", "target."))
    }
    assert blockers >= PREDICTED
