"""Backups of every kind that an operator names, good and bad: evidence, finding and verdict."""

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.db import connection

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.catalog.target_release import choose_target
from nautobot_upgrade_jobs.checks.registry import checks_for_stage
from nautobot_upgrade_jobs.checks.runner import run_checks
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.rollback.backup_file import UnreadableBackupError
from nautobot_upgrade_jobs.rollback.given_backup import read_given_backup
from nautobot_upgrade_jobs.rollback.record_check import expect_current_state, verify_given_backup
from tests.support.nautobot import connected_to
from tests.support.upgrading import DATABASE

INTACT = "2026-11-29 P00   INFO: verify command end: completed successfully (431ms)\n"
DAMAGED = f"P00   INFO: stanza: nautobot\n          status: error\n{INTACT}"


@pytest.fixture(scope="module")
def current(nautobot):
    return collect_facts(topics=("runtime", "database", "migrations", "tables"))


@pytest.fixture
def judge(current, instance):
    """Return a function: names of a backup to the severity of Preflight's finding."""

    def run(*names):
        given = read_given_backup(map(str, names), Path, 60)
        evidence = verify_given_backup(
            given, expect_current_state(current, datetime.now(timezone.utc))
        )
        catalog = load_catalog()
        here = choose_target(catalog, instance.version, instance.version)
        target = replace(here, schema_release="2.4.0")  # Migrations are pending.
        (check,) = [each for each in checks_for_stage("preflight") if each.id == "backup.unproven"]
        (result,) = run_checks(current, target, catalog, (), [check], backup=evidence)
        return [finding.severity.value for finding in result.findings], evidence

    return run


def pgbackrest(path, system_id, *, age=timedelta(hours=1), error=False, databases=()):
    stop = int((datetime.now(timezone.utc) - age).timestamp())
    backup = {
        "archive": {"start": "000000010000000000000002", "stop": "000000010000000000000002"},
        "database": {"id": 1},
        "database-ref": [{"name": name, "oid": 1} for name in databases],
        "error": error,
        "label": "20261129-091000F",
        "timestamp": {"start": stop - 3, "stop": stop},
    }
    stanza = {
        "archive": [{"database": {"id": 1}, "max": "000000010000000000000004", "min": "0"}],
        "backup": [backup],
        "db": [{"id": 1, "system-id": int(system_id or 1), "version": "15"}],
        "name": "nautobot",
        "status": {"code": 0, "message": "ok"},
    }
    path.write_text(json.dumps([stanza]))
    return path


@pytest.fixture
def system_id(current):
    if current.database.vendor != "postgresql":
        pytest.skip("only PostgreSQL has an identifier of the cluster")
    return current.database.system_id


@pytest.mark.parametrize("format_", ["plain", "custom", "directory", "tar"])
def test_preflight_accepts_a_complete_dump_of_every_format(judge, dump_as, format_):
    # Only the verbose output of the plain format contains the time of the dump.
    found, evidence = judge(dump_as(format_, *(["--verbose"] if format_ == "plain" else [])))
    assert found == [], evidence


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "objection"),
    [
        (("--schema-only",), "the rows"),
        (("--data-only",), "the definitions"),
        (("--exclude-table=dcim_device",), "the definitions"),
    ],
)
def test_preflight_refuses_a_dump_without_a_part(judge, dump_as, options, objection):
    found, evidence = judge(dump_as("custom", *options))
    assert found == ["blocker"]
    assert objection in " ".join(evidence.contradictions)


@pytest.mark.once
def test_preflight_asks_about_a_dump_without_the_rows_of_a_table(judge, dump_as):
    found, evidence = judge(dump_as("custom", "--exclude-table-data=dcim_device"))
    assert found == ["warning"]
    assert "no rows of" in " ".join(evidence.unverified)


@pytest.mark.once
def test_preflight_refuses_a_dump_from_before_the_last_upgrade(judge, dump_as, instance):
    """The dump of a database that lacks the newest migration."""
    server = instance.server()
    server.clone(instance.data, DATABASE)
    with connected_to(DATABASE):
        with connection.cursor() as cursor:
            newest = "SELECT max(id) FROM django_migrations"
            cursor.execute(f"DELETE FROM django_migrations WHERE id = ({newest})")
        path = dump_as("custom")
    server.drop(DATABASE)
    found, evidence = judge(path)
    assert found == ["blocker"]
    assert "older than the last upgrade" in " ".join(evidence.contradictions)


@pytest.mark.once
def test_preflight_refuses_a_cut_dump(judge, dump_as):
    path = dump_as("plain")
    path.write_bytes(path.read_bytes()[:-5000])
    found, evidence = judge(path)
    assert found == ["blocker"]
    assert "no regular end" in " ".join(evidence.contradictions)


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "verification", "expected"),
    [
        pytest.param({}, INTACT, [], id="verified"),
        pytest.param({}, None, ["warning"], id="not verified"),
        pytest.param({}, DAMAGED, ["blocker"], id="damaged"),
        pytest.param({"error": True}, INTACT, ["blocker"], id="wrong checksums"),
        pytest.param({"age": timedelta(days=9)}, INTACT, ["warning"], id="old"),
        pytest.param({"databases": ("x",)}, INTACT, ["blocker"], id="without the database"),
    ],
)
def test_preflight_judges_what_pgbackrest_reports(
    judge, system_id, tmp_path, changes, verification, expected
):
    names = [pgbackrest(tmp_path / "info.json", system_id, **changes)]
    if verification:
        names.append(tmp_path / "verify.log")
        names[-1].write_text(verification)
    found, evidence = judge(*names)
    assert found == expected, evidence


@pytest.mark.once
def test_preflight_refuses_the_backup_of_another_cluster(judge, system_id, tmp_path):
    found, evidence = judge(pgbackrest(tmp_path / "info", int(system_id) + 1))
    assert found == ["blocker"]
    assert "another PostgreSQL cluster" in " ".join(evidence.contradictions)


@pytest.mark.once
def test_preflight_takes_a_statement_as_not_proven(judge):
    yesterday = (datetime.now(timezone.utc) - timedelta(hours=20)).isoformat()
    found, evidence = judge(f"Ann | {yesterday} | snap-0123")
    assert found == ["warning"]
    assert not evidence.evidence


def mysql_shell_dump(folder, database, tables):
    """Write a dump in the format of MySQL Shell 8."""
    folder.mkdir()
    names = {name: f"nautobot@{name}" for name in tables}
    files = {
        "@.json": {"schemas": [database], "basenames": {database: "nautobot"}},
        "nautobot.json": {
            "schema": database,
            "includesDdl": True,
            "includesData": True,
            "tables": list(tables),
            "basenames": names,
        },
        "@.done.json": {
            "end": f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}",
            "dataBytes": 5 * len(names),
            "chunkFileBytes": {f"{base}@@0.tsv.zst": 5 for base in names.values()},
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    for base in names.values():
        (folder / f"{base}.sql").write_text("CREATE TABLE …")
        (folder / f"{base}@@0.tsv.zst").write_bytes(b"rows")
    return folder


def remove(name):
    return lambda folder: (folder / name).unlink()


def without_table(folder):
    path = folder / "nautobot.json"
    content = json.loads(path.read_text())
    content["tables"].remove("dcim_device")
    path.write_text(json.dumps(content))


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "objection"),
    [
        pytest.param(lambda folder: None, "", id="complete"),
        pytest.param(remove("@.done.json"), "did not end", id="stopped"),
        pytest.param(remove("nautobot@dcim_device@@0.tsv.zst"), "dcim_device@@0", id="lost rows"),
        pytest.param(remove("nautobot@dcim_device.sql"), "dcim_device.sql", id="lost definition"),
        pytest.param(without_table, "it lacks 1 table", id="without a table"),
    ],
)
def test_preflight_judges_a_dump_of_mysql_shell(judge, current, tmp_path, change, objection):
    tables = [one.name for one in current.tables.tables]
    folder = mysql_shell_dump(tmp_path / "dump", current.database.name, tables)
    change(folder)
    found, evidence = judge(folder)
    assert found == (["blocker"] if objection else ["warning"])
    assert objection in " ".join(evidence.contradictions)


@pytest.mark.parametrize(
    ("files", "fragment"),
    [
        ({"a.json": "{}"}, "JSON"),
        ({"a.json": '{"kind": "Secret"}'}, "Secret"),
        ({"verify.log": INTACT}, "name the list of backups too"),
        ({"a.zst": b"\x28\xb5\x2f\xfd"}, "unzstd"),
    ],
)
def test_read_given_backup_names_what_is_wrong(tmp_path, files, fragment):
    paths = []
    for name, content in files.items():
        paths.append(tmp_path / name)
        data = content if isinstance(content, bytes) else content.encode()
        paths[-1].write_bytes(data)
    with pytest.raises(UnreadableBackupError, match=fragment):
        read_given_backup(map(str, paths), Path, 60)


def test_read_given_backup_of_two_backups_is_refused(tmp_path):
    text = '[{"backup_name": "b", "time": "2026-11-28T08:00:01Z"}]'
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableBackupError, match="several backups"):
        read_given_backup([str(tmp_path / "a.json"), str(tmp_path / "b.json")], Path, 60)


def test_read_given_backup_of_a_broken_mysql_shell_dump_is_refused(tmp_path):
    (tmp_path / "@.json").write_text("[]")
    with pytest.raises(UnreadableBackupError, match=r"@\.json is no JSON object"):
        read_given_backup([str(tmp_path)], Path, 60)
    shutil.rmtree(tmp_path)
    with pytest.raises(UnreadableBackupError, match="No such file"):
        read_given_backup([str(tmp_path)], Path, 60)
