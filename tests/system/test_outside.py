"""Preflight from outside, for a real Nautobot 1.6.32 that this App does not support."""

import json
import lzma
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest

from development import legacy
from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.workflows.snapshot_store import newest_snapshot, read_snapshot

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
PASSWORD = "only-for-readers-0123456789"
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
    report = preflight(database, "--exclude", "runtime.unsupported_python")
    found = {one["key"]: one["severity"] for one in report["findings"]}
    assert {key for key, severity in found.items() if severity == "blocker"} == PREDICTED
    assert found.keys() >= CHANGED
    assert (report["installed_version"], len(report["migrations"])) == ("1.6.32", 233)
    assert "settings.removed:CELERY_RESULT_BACKEND" not in found
    assert state_of(instance, database) == before
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "installed release" in reasons["workers.none_responding"]
    assert reasons["runtime.unsupported_python"] == "excluded on request"
    assert "migrations.unapplied" not in reasons
    commands = " ".join(command for step in report["steps"] for command in step["commands"])
    assert f"--host={os.environ['NAUTOBOT_DB_HOST']} " in commands  # not that of the relay
    assert f"snapshot --config {legacy.FOLDER}/nautobot_config.py" in commands
    assert "--target 2.4.44 --output before-upgrade" in commands
    assert "nautobot-server upgrade_jobs" not in commands  # 1.x cannot have the App


@pytest.fixture
def reader(instance, database):
    """A role that may only read the tables of the database, and has a password."""
    for statement in (
        f"CREATE ROLE upgrade_reader LOGIN PASSWORD '{PASSWORD}'",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO upgrade_reader",
    ):
        instance.server().sql(statement, database=database)
    yield "upgrade_reader"
    for statement in ("DROP OWNED BY upgrade_reader", "DROP ROLE upgrade_reader"):
        instance.server().sql(statement, database=database)


def preflight_bare(database, *words, user="", code=2):
    """As ``preflight``, with nothing but the URL of the database, outside any instance."""
    host, port = (os.environ[f"NAUTOBOT_DB_{name}"] for name in ("HOST", "PORT"))
    user, password = (user, PASSWORD) if user else (os.environ["NAUTOBOT_DB_USER"], "")
    url = f"postgresql://{user}@{host}:{port}/"
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "preflight"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NAUTOBOT_")}
    done = subprocess.run(
        [*command, "--database", url + database, *words, "--format", "json"],
        env={**kept, "PGPASSWORD": password or os.environ["NAUTOBOT_DB_PASSWORD"]},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code != 1 else done.stderr


def test_database_alone_predicts_the_same_rows_and_nothing_changes(instance, database, reader):
    before = state_of(instance, database)
    report = preflight_bare(database, "--target", "2.4.44", user=reader)
    found = {one["key"]: one["severity"] for one in report["findings"]}
    assert {key for key, severity in found.items() if severity == "blocker"} == PREDICTED
    assert found.keys() >= CHANGED
    assert (report["installed_version"], len(report["migrations"])) == ("1.6.32", 233)
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "only the database is known" in reasons["runtime.unsupported_python"]
    assert PASSWORD not in json.dumps(report)
    assert state_of(instance, database) == before


def test_snapshot_has_the_rows_and_no_secret(instance, database, reader, tmp_path):
    before = state_of(instance, database)
    config = str(legacy.FOLDER / "nautobot_config.py")
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "snapshot", "--target", "2.4.44"]
    done = subprocess.run(
        [*command, "--config", config, "--output", str(tmp_path)],
        env={
            **os.environ,
            "LEGACY_DB_NAME": database,
            "NAUTOBOT_DB_USER": reader,
            "NAUTOBOT_DB_PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Not captured: " in done.stderr) == (0, False), done.stderr
    snapshot = read_snapshot(newest_snapshot(tmp_path))
    tables = snapshot.facts.fingerprints.tables
    for table in ("dcim_site", "dcim_region", "extras_customfield", "django_content_type"):
        rows = instance.server().sql(f"SELECT count(*) FROM {table}", database=database)
        assert tables[table].rows == int(rows), table
    assert snapshot.facts.runtime.nautobot == "1.6.32"
    groups = snapshot.facts.filter_results.dynamic_groups
    assert groups.counts == {"Devices of the campus": 1}  # as the old release finds them
    assert state_of(instance, database) == before
    assert PASSWORD not in str(snapshot)


TABLE = "CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz)"


@pytest.fixture
def names_only(instance):
    """Return a function that creates a database with nothing but the names of migrations."""
    name = f"test_{os.getpid()}_names"
    server = instance.server()

    def create(keys):
        server.sql(f"CREATE DATABASE {name}")
        server.sql(TABLE, database=name)
        rows = ", ".join("('{}', '{}')".format(*key.split(".", 1)) for key in sorted(keys))
        server.sql(f"INSERT INTO django_migrations (app, name) VALUES {rows}", database=name)
        return name

    yield create
    server.drop(name)


@pytest.mark.slow
def test_oldest_release_is_recognized_and_its_stop_is_named(names_only):
    report = preflight_bare(names_only(load_catalog().migrations("1.0.3")), "--target", "2.4.44")
    assert (report["installed_version"], len(report["migrations"])) == ("1.0.3", 394)
    (stop,) = (one for one in report["findings"] if one["check"] == "target.intermediate_stop")
    assert (stop["key"], stop["severity"]) == ("target.intermediate_stop:1.6.32", "blocker")
    assert not stop["commands"]


@pytest.mark.slow
def test_apps_that_the_operator_does_not_name_are_not_checked(names_only, tmp_path):
    keys = load_catalog().migrations("2.4.44") | {"nautobot_example.0001_initial"}
    database = names_only(keys)
    report = preflight_bare(database, "--target", "3.2.7")
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "migrations of nautobot_example" in reasons["apps.unsupported_python"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--database", "postgresql://reader@127.0.0.1:1/n"), "--database: it cannot be read"),
        (("--database", "mysql://u:secret@h/n"), "--database: for MySQL"),
        (("--database", "postgresql://h/n", "--python", "/bin/true"), "--python requires --config"),
        (("--config", "/no", "--apps", "/no"), "--apps requires --database"),
        (("--config", "/no", "--database", "x"), "not allowed with argument"),
        ((), "one of the arguments --config --database is required"),
    ],
)
def test_arguments_that_do_not_fit_are_named(words, message):
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "preflight", "--target", "2.4.44"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "secret" not in done.stderr


def test_snapshot_without_the_key_of_the_installation_is_refused():
    command = [sys.executable, "-m", "nautobot_upgrade_jobs", "snapshot", "--target", "2.4.44"]
    words = ("--database", "postgresql://h/n")
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a snapshot requires --config" in done.stderr


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


@pytest.mark.slow
def test_finding_is_accepted_and_backup_is_verified(instance, database, tmp_path):
    instance.server().dump(database, tmp_path / "backup.xz")
    backup = tmp_path / "backup.sql"
    backup.write_bytes(lzma.decompress((tmp_path / "backup.xz").read_bytes()))
    key = "legacy_data.renamed_keys:keys"
    until = f"{datetime.now(timezone.utc) + timedelta(days=9):%Y-%m-%d}"
    words = ("--accept", f"{key} | deleted in the window | {until}", "--backup", str(backup))
    report = preflight(database, *words)
    (finding,) = (one for one in report["findings"] if one["key"] == key)
    assert "deleted in the window" in json.dumps(finding)
    assert not [one for one in report["findings"] if one["check"].startswith("backup.")]


def test_folder_of_wheels_replaces_the_index(database, tmp_path):
    report = preflight(database, "--wheel-directory", str(tmp_path), code=3)
    reasons = {one["check"]: one["reason"] for one in report["not_checked"]}
    assert "wheel" in reasons["trial_boot.fails_to_start"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--config", "/no/config.py"), "--config: /no/config.py is not a file"),
        (("--python", "/bin/true"), "--python: /bin/true did not describe itself"),
        (("--target", "2.0.6"), "--target: 2.0.6 is older than"),
        (("--env-file", "/no/env"), "--env-file: /no/env cannot be read"),
        (("--backup", "/no/backup.sql"), "--backup /no/backup.sql"),
        (("--accept", "x"), "x"),
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


@pytest.mark.slow
def test_newest_target_gives_no_blocker_of_its_own(database):
    report = preflight(database, "--target", "3.2.7")
    blockers = {one["key"] for one in report["findings"] if one["severity"] == "blocker"}
    assert {key for key in blockers if not key.startswith("legacy_data.")} <= {
        key for key in blockers if key.startswith(("preconditions.", "target."))
    }
    assert blockers >= PREDICTED
