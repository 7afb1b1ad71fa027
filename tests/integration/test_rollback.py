"""Rollbacks: planned on a real installation, then run on a copy of it."""

import gzip
import json
import os
import re
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jsonschema
import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from nautobot.dcim.models import Device, Manufacturer
from nautobot.extras.context_managers import web_request_context
from nautobot.extras.filters import ObjectChangeFilterSet
from nautobot.extras.models import DynamicGroup, Note, ObjectChange, StaticGroupAssociation
from nautobot.users.models import User

from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.collect import collect_facts
from nautobot_upgrade_jobs.collect.context import Context
from nautobot_upgrade_jobs.collect.operations.content_type_cascades import content_type_cascades
from nautobot_upgrade_jobs.collect.rollback import changes_since
from nautobot_upgrade_jobs.collect.rollback.changelog_export import export_changelog
from nautobot_upgrade_jobs.common.errors import UsageError
from nautobot_upgrade_jobs.deployment.known import known_deployment
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.report.formats.json import build_document, load_schema
from nautobot_upgrade_jobs.rollback.backup_check import ExpectedBackup, verify_backup
from nautobot_upgrade_jobs.rollback.backup_file import UnreadableBackupError, read_backup
from nautobot_upgrade_jobs.rollback.losses import losses_of_restore
from nautobot_upgrade_jobs.rollback.package_set import RollbackPlan
from nautobot_upgrade_jobs.runbook.rollback import plan_rollback_steps
from nautobot_upgrade_jobs.runbook.server_commands import connection_options
from nautobot_upgrade_jobs.workflows.backup_argument import find_backup
from nautobot_upgrade_jobs.workflows.capture import capture
from nautobot_upgrade_jobs.workflows.context import BackupArgument, RunRequest
from nautobot_upgrade_jobs.workflows.rollback import plan_rollback
from nautobot_upgrade_jobs.workflows.rollback_target import STATE_UNAVAILABLE, SnapshotArgument
from tests.support.nautobot import connected_to
from tests.support.rollback_terms import REINSTALL, RESTORE_BACKUP, REVERSE_MIGRATIONS, STRATEGY
from tests.support.upgrading import DATABASE, attempt


def older(instance):
    """Return the newest release with fewer migrations, and the newest with the same ones."""
    sets = load_catalog().migration_sets.by_release
    here = sets[instance.version]
    before = [one.version for one in load_catalog().releases if one.version in sets]
    before = before[: before.index(instance.version)]
    fewer = [one for one in before if sets[one] < here]
    same = [one for one in before if sets[one] == here]
    return fewer[-1], same[-1] if same else None


def roll_back_to(target="", **options):
    return plan_rollback(RunRequest(target=target), **options)


@pytest.fixture
def database(instance, nautobot):
    server = instance.server()
    server.clone(instance.data, DATABASE)
    with connected_to(DATABASE):
        yield DATABASE
    server.drop(DATABASE)


@pytest.fixture(scope="module")
def snapshot(nautobot):
    """A snapshot of the sample, for tests that do not compare it with the rows."""
    return capture(depth="counts").snapshot


def count_rows():
    """Return the fingerprints of the tables as they are now, with the number of rows only."""
    return collect_facts(topics=("fingerprints",), depth="counts").fingerprints


def options_by_kind(report):
    return {one.kind: one for one in report.rollback_decision.options}


def test_plan_rollback_equal_migrations_recommends_reinstall(instance):
    _, same = older(instance)
    if not same:
        pytest.skip("no earlier release has the same migrations")
    report = roll_back_to(same)
    assert report.rollback_decision.recommended.kind == REINSTALL
    assert report.verdict is Verdict.GO
    assert any("pip install" in command for one in report.runbook.steps for command in one.commands)
    assert not any(
        " migrate " in command for one in report.runbook.steps for command in one.commands
    )


def test_plan_rollback_fewer_migrations_has_complete_report(instance):
    fewer, _ = older(instance)
    report = roll_back_to(fewer)
    assert report.rollback_decision.diagnosis.committed > 0
    assert options_by_kind(report)[REINSTALL].infeasible_reason
    assert report.not_checked == ()
    jsonschema.validate(json.loads(json.dumps(build_document(report))), load_schema())


def test_plan_rollback_current_snapshot_recommends_reinstall():
    report = roll_back_to(
        given=SnapshotArgument(capture(depth="keys").snapshot, "snapshot-x.json.gz")
    )
    assert report.rollback_decision.recommended.kind == REINSTALL
    pins = report.package_files["rollback-requirements.txt"]
    assert pins.startswith(("#", "a"))
    assert "nautobot==" in pins
    assert "snapshot-x.json.gz" in report.runbook.steps[-1].commands[-1]


@pytest.mark.once
@pytest.mark.parametrize(
    ("target", "fragment"),
    [
        ("", "2.4.44"),
        ("a b c", "2.4.44"),
        ("yesterday", "'yesterday'"),
        ("2.4.999", "2.4.999"),
        ("no_such_app zero", "'no_such_app'"),
        ("dcim 0001", "0001_initial_part_1"),
        ("dcim nonsense", "'nonsense'"),
        ("users zero", "a part of Nautobot"),  # no release ends there
        ("django_celery_beat zero", "a part of Nautobot"),
        ("9" * 500, "999"),
    ],
)
def test_plan_rollback_invalid_target_raises_usage_error(target, fragment):
    with pytest.raises(UsageError, match=re.escape(fragment)) as refused:
        roll_back_to(target)
    assert len(str(refused.value)) < 1000


def test_plan_rollback_newer_release_raises_usage_error(instance):
    newer = [one.version for one in load_catalog().releases]
    newer = newer[newer.index(instance.version) + 1 :]
    if not newer:
        pytest.skip("there is none")
    with pytest.raises(UsageError, match=re.escape(newer[-1])):
        roll_back_to(newer[-1])


def test_plan_rollback_foreign_snapshot_requires_the_instance_name(snapshot):
    foreign = replace(snapshot, instance="elsewhere")
    with pytest.raises(UsageError, match="'elsewhere'"):
        roll_back_to(given=SnapshotArgument(foreign))
    assert roll_back_to(
        given=SnapshotArgument(foreign, instance="elsewhere")
    ).rollback_decision.has_snapshot


def test_plan_rollback_snapshot_with_another_secret_key_requires_the_instance_name(snapshot):
    """Two installations on one host have one name."""
    changed = tuple(
        replace(one, digest="0" * 16) if one.name == "SECRET_KEY" else one
        for one in snapshot.facts.settings.values
    )
    state = replace(snapshot.facts, settings=replace(snapshot.facts.settings, values=changed))
    foreign = replace(snapshot, facts=state)
    with pytest.raises(UsageError, match="SECRET_KEY"):
        roll_back_to(given=SnapshotArgument(foreign))
    assert roll_back_to(
        given=SnapshotArgument(foreign, instance=snapshot.instance)
    ).rollback_decision.has_snapshot


def test_plan_rollback_snapshot_of_another_server_is_refused(snapshot):
    server = replace(snapshot.facts.database, vendor="mariadb")
    foreign = replace(snapshot, facts=replace(snapshot.facts, database=server))
    with pytest.raises(UsageError, match="mariadb"):
        roll_back_to(given=SnapshotArgument(foreign, instance=snapshot.instance))


def test_plan_rollback_target_given_twice_raises_usage_error(snapshot):
    with pytest.raises(UsageError, match=r"twice|both"):
        roll_back_to("2.4.0", given=SnapshotArgument(snapshot))


def test_plan_rollback_unknown_strategy_raises_usage_error():
    with pytest.raises(UsageError, match="fly"):
        roll_back_to("2.4.0", **{STRATEGY: "fly"})


def test_export_changelog_writes_changes_in_order(tmp_path):
    """The export lists the changes in order, page by page."""
    user = User.objects.first()
    since = timezone.now()
    with web_request_context(user):
        created = [Manufacturer.objects.create(name=f"Since {number}") for number in range(3)]
    with web_request_context(user):
        created[0].description = "changed"
        created[0].save()
        created[1].delete()
    path = tmp_path / "changes.jsonl.gz"
    assert export_changelog(Context(connection), since, path) == 5
    with gzip.open(path, "rt") as stream:
        lines = [json.loads(line) for line in stream]
    assert [(one["action"], one["object_repr"]) for one in lines] == [
        ("create", "Since 0"),
        ("create", "Since 1"),
        ("create", "Since 2"),
        ("update", "Since 0"),
        ("delete", "Since 1"),
    ]
    assert {one["model"] for one in lines} == {"dcim.manufacturer"}
    assert lines[3]["object_data"]["description"] == "changed"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    counted = changes_since.collect(Context(connection), since)
    assert sum(one.count for one in counted.logged_changes) == 5
    assert {(one.table, one.created) for one in counted.timestamp_changes} == {
        ("dcim_manufacturer", 2)
    }
    (loss,) = (one for one in losses_of_restore(counted) if one.description == "create")
    assert loss.sample == ("Since 2", "Since 1", "Since 0")
    changes = ObjectChangeFilterSet(QueryDict(urlsplit(loss.link).query))
    assert changes.is_valid(), changes.errors
    assert sorted(changes.qs.values_list("object_repr", flat=True)) == [
        "Since 0",
        "Since 1",
        "Since 2",
    ]
    for manufacturer in created[::2]:
        manufacturer.delete()


def test_changes_since_ignores_rows_created_by_the_upgrade():
    since = timezone.now()
    Manufacturer.objects.create(name="By the upgrade")
    now, later = timezone.now(), timezone.now() + timedelta(hours=1)

    def count(upgrade):
        changes = changes_since.collect(Context(connection), since, upgrade).timestamp_changes
        return [(one.table, one.created) for one in changes]

    assert count(None) == [("dcim_manufacturer", 1)]
    assert count((since, now)) == []
    assert count((now, later)) == [("dcim_manufacturer", 1)]  # before it
    long_ago = since - 2 * changes_since.POST_UPGRADE_GRACE
    assert count((long_ago, long_ago)) == [("dcim_manufacturer", 1)]  # long after it
    Manufacturer.objects.get(name="By the upgrade").delete()


def test_changes_since_ignores_what_nautobot_computes_on_its_own():
    """`post_upgrade` can run hours after the last migration."""
    since = timezone.now()
    long_ago = since - 2 * changes_since.POST_UPGRADE_GRACE
    device = ContentType.objects.get_for_model(Device)
    devices = list(Device.objects.all()[:2])
    computed = DynamicGroup(name="planted", content_type=device, filter={})
    computed.save()
    static = DynamicGroup(name="static", content_type=device, group_type="static")
    static.save()
    static.add_members(devices)
    StaticGroupAssociation.all_objects.filter(dynamic_group=computed).delete()
    call_command("post_upgrade", "--no-collectstatic", verbosity=0)
    found = changes_since.collect(Context(connection), since, (long_ago, long_ago))
    assert StaticGroupAssociation.all_objects.filter(dynamic_group=computed).exists()
    assert {(one.table, one.created, one.updated) for one in found.timestamp_changes} == {
        ("extras_dynamicgroup", 2, 0),
        ("extras_staticgroupassociation", len(devices), 0),
    }
    computed.delete()
    static.delete()


def test_content_type_cascades_counts_referencing_rows():
    manufacturer = ContentType.objects.get_for_model(Manufacturer)
    note = Note.objects.create(
        assigned_object=Manufacturer.objects.first(), note="remember", user_name="eve"
    )
    cascades = {
        one.referencing_column: one
        for one in content_type_cascades(connection, {("dcim", "manufacturer")})
    }
    cascade = cascades["extras_note.assigned_object_type_id"]
    assert cascade.rows == Note.objects.filter(assigned_object_type=manufacturer).count()
    assert cascade.models == ("dcim.manufacturer",)
    assert "auth_permission.content_type_id" not in cascades
    assert not list(content_type_cascades(connection, {("dcim", "nothing")}))
    note.delete()


def test_changes_since_counts_new_media_files(monkeypatch, tmp_path):
    storage = "nautobot_upgrade_jobs.collect.rollback.changes_since.default_storage"
    monkeypatch.setattr(storage, Storage())
    since = timezone.now() - timedelta(minutes=1)
    assert isinstance(
        changes_since.collect(Context(connection), since).new_media_files, Unavailable
    )
    monkeypatch.setattr(storage, FileSystemStorage(tmp_path))
    assert changes_since.collect(Context(connection), since).new_media_files == 0
    (tmp_path / "image-attachments").mkdir()
    (tmp_path / "image-attachments" / "rack.png").write_bytes(b"a picture")
    old = tmp_path / "old.png"
    old.write_bytes(b"an old one")
    os.utime(old, (0, 0))
    assert changes_since.collect(Context(connection), since).new_media_files == 1


def test_export_changelog_pages_cover_every_change_once(tmp_path, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.rollback.changelog_export.PAGE_SIZE", 7)
    long_ago = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    assert (
        export_changelog(Context(connection), long_ago, tmp_path / "all")
        == ObjectChange.objects.count()
    )


def verify(backup, baseline, began="", migrations=()):
    database = connection.settings_dict["NAME"]
    return verify_backup(backup, ExpectedBackup(database, baseline, migrations, began))


@pytest.mark.once
@pytest.mark.parametrize("format_", ["plain", "custom"])
@pytest.mark.parametrize(
    ("options", "objection"),
    [
        (("--data-only",), "definitions"),
        (("--schema-only",), "rows"),
        (("--section=pre-data", "--section=data"), "primary keys"),
        (("--exclude-table=extras_objectchange",), "definitions of 1 table, such as extras_obj"),
    ],
)
def test_verify_backup_without_a_part_is_refused(dump_as, format_, options, objection):
    path = dump_as(format_, *options)
    found = verify(read_backup(path, 60), count_rows())
    assert objection in "; ".join(found.contradictions)


@pytest.mark.once
@pytest.mark.parametrize("options", [(), ("--inserts",), ("--rows-per-insert=50",)])
@pytest.mark.parametrize("format_", ["plain", "custom"])
def test_verify_backup_with_a_record_of_the_upgrade_is_refused(dump_as, format_, options):
    backup = read_backup(dump_as(format_, *options), 60)
    newest = collect_facts(topics=("migrations",)).migrations.recorded[-1]
    (objection,) = verify(backup, STATE_UNAVAILABLE, "", (newest,)).contradictions
    assert newest in objection


@pytest.mark.parametrize("format_", ["plain", "directory", "tar", "gz"])
def test_read_backup_of_every_format_counts_the_same_rows(dump_as, format_):
    path = dump_as("plain", "--compress=0") if format_ == "gz" else dump_as(format_)
    if format_ == "gz":
        path.write_bytes(gzip.compress(path.read_bytes()))
    found = verify(read_backup(path, 60), count_rows())
    assert (found.contradictions, found.unverified) == ((), ())
    assert len(found.evidence) == 2


@pytest.fixture
def empty_database():
    """Return the name of a new database, which is dropped at the end."""
    name = "restored"
    create = f"CREATE DATABASE {name} TEMPLATE template0"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(create)
        yield name
        cursor.execute(f"DROP DATABASE {name}")


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "is_compressed"),
    [
        pytest.param(("--schema=public",), False, id="schema"),
        pytest.param(("--clean", "--if-exists", "--schema=public"), True, id="clean schema"),
        pytest.param((), True, id="compressed"),
        pytest.param(("--clean",), False, id="clean"),
        pytest.param(("--clean", "--if-exists"), False, id="clean if exists"),
        pytest.param(("--create",), False, id="create"),
        pytest.param(("--clean", "--create"), True, id="clean and create, compressed"),
    ],
)
def test_restore_command_of_the_plan_restores_every_sql_dump(
    dump_as, empty_database, options, is_compressed
):
    path = dump_as("plain", "--compress=0", *options)
    if is_compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert_restored(path, empty_database)


@pytest.mark.once
def test_restore_command_of_the_plan_restores_an_archive_with_its_schema(dump_as, empty_database):
    assert_restored(dump_as("custom", "--schema=public"), empty_database)


def assert_restored(path, empty_database):
    backup = read_backup(path, 60)
    no_packages = Unavailable("not needed")
    facts = collect_facts(topics=("runtime", "deployment", "database"))
    plan = RollbackPlan(
        facts.runtime,
        known_deployment(facts),
        replace(facts.database, name=empty_database),
        no_packages,
        no_packages,
        (),
        backup=str(path),
        backup_format=backup.format,
        backup_preamble=backup.preamble,
    )
    steps = {step.title: step for step in plan_rollback_steps("restore_backup", plan).steps}
    (command,) = steps["Restore the backup into it"].commands
    secret = {"PGPASSWORD": connection.settings_dict["PASSWORD"]}
    count = f"psql{connection_options(plan.database)} --dbname={empty_database} -qAt --command="
    restored = subprocess.run(
        ["bash", "-ceo", "pipefail", f"{command}; {count}'SELECT count(*) FROM django_migrations'"],
        env=os.environ | secret,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(restored.stdout.split()[-1]) == backup.rows["django_migrations"]


def test_read_backup_folder_of_another_tool_is_refused(tmp_path):
    (tmp_path / "dcim_device.sql").touch()
    (tmp_path / "dcim_device.txt").touch()
    with pytest.raises(UnreadableBackupError, match=r"without toc\.dat"):
        read_backup(tmp_path, 60)


def test_read_backup_compressed_archive_or_cut_file_is_refused(dump):
    data = gzip.compress(dump.read_bytes())
    for content, reason in ((data, "gunzip it first"), (data[:99], "ends too early|gunzip")):
        dump.write_bytes(content)
        with pytest.raises(UnreadableBackupError, match=reason):
            read_backup(dump, 60)


def test_verify_backup_of_the_same_state_has_no_contradiction(dump):
    backup, now = read_backup(dump, 60), count_rows()
    assert backup.rows == {name: table.rows for name, table in now.tables.items()}
    found = verify(backup, now)
    assert (found.contradictions, found.unverified) == ((), ())
    assert len(found.evidence) == 2


def test_changes_between_an_older_dump_and_the_snapshot_are_lost(dump):
    """The nightly dump is from before the snapshot of the maintenance window."""
    before = sum(1 for loss in restore_losses(dump) if "dcim.manufacturer" in str(loss))
    with web_request_context(User.objects.first()):
        changed = Manufacturer.objects.first()
        changed.description = "after the dump"
        changed.validated_save()
    after = sum(1 for loss in restore_losses(dump) if "dcim.manufacturer" in str(loss))
    assert (before, after) == (0, 1)


def restore_losses(dump):
    given = SnapshotArgument(capture(depth="counts").snapshot)
    return options_by_kind(roll_back_to(given=given, backup=BackupArgument((str(dump),))))[
        RESTORE_BACKUP
    ].losses


def test_newest_change_of_a_dump_is_that_of_the_database(dump):
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(time) FROM extras_objectchange")
        ((newest,),) = cursor.fetchall()
    found = read_backup(dump, 60).newest_change
    assert found >= newest


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
def test_time_zone_of_the_host_of_a_dump_is_irrelevant(dump_as, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    dump = dump_as("custom")
    monkeypatch.setenv("TZ", "UTC")  # as Django does
    began = (timezone.now() + timedelta(minutes=1)).isoformat()
    found = verify(read_backup(dump, 60), STATE_UNAVAILABLE, began, ("dcim.9999_later",))
    assert not found.contradictions


def test_verify_backup_created_after_the_upgrade_is_a_contradiction(dump):
    began = "2020-01-01T00:00:00+00:00"
    contradictions = verify(read_backup(dump, 60), STATE_UNAVAILABLE, began).contradictions
    assert "2020" in contradictions[0]


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_read_backup_truncated_dump_is_incomplete_or_unreadable(dump, part):
    data = dump.read_bytes()
    dump.write_bytes(data[: int(len(data) * part)])
    try:
        backup = read_backup(dump, 60)
    except UnreadableBackupError as error:
        assert str(dump) in str(error)
    else:
        assert not backup.complete


def test_read_backup_over_the_time_limit_counts_no_rows(dump):
    backup = read_backup(dump, 0)
    assert backup.complete
    assert re.search(r"\b0 s", backup.rows.reason)


@pytest.fixture
def backups(tmp_path, monkeypatch):
    """The folder of backups that the settings name."""
    folder = tmp_path / "backups"
    folder.mkdir()
    configured = {"backup_directory": str(folder)}
    monkeypatch.setitem(settings.PLUGINS_CONFIG, "nautobot_upgrade_jobs", configured)
    return folder


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("one.dump", True),
        ("below/two.dump", True),
        ("../outside.dump", False),
        ("link.dump", False),
        ("no.dump", False),
        ("", False),
        (".", False),
        ("a\0b", False),
        ("x" * 5000, False),
    ],
)
def test_find_backup_finds_only_files_in_the_configured_folder(name, found, tmp_path, backups):
    (backups / "below").mkdir()
    for path in (backups / "one.dump", backups / "below" / "two.dump", tmp_path / "outside.dump"):
        path.touch()
    (backups / "link.dump").symlink_to(tmp_path / "outside.dump")
    if found:
        assert find_backup(name) == backups / name
    else:
        with pytest.raises(UsageError, match="contains no"):
            find_backup(name)


@pytest.mark.once
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.dump", "tuesday.dump"),
        ("monday*", "monday.dump"),
        ("night-?", "night-1"),
        ("*.sql", None),
        ("../*", None),
        ("link*", None),
        ("x*" * 5000, None),
    ],
)
def test_find_backup_of_a_pattern_is_the_newest(pattern, found, tmp_path, backups):
    (backups / "night-1").mkdir()
    (tmp_path / "outside").touch()
    for age, name in enumerate(("tuesday.dump", "monday.dump", "sunday.dump")):
        (backups / name).touch()
        os.utime(backups / name, (1_000_000 - age, 1_000_000 - age))
    (backups / "gone.dump").symlink_to(backups / "nothing")
    (backups / "link").symlink_to(tmp_path / "outside")
    if found:
        assert find_backup(pattern) == backups / found
    else:
        with pytest.raises(UsageError, match="contains no"):
            find_backup(pattern)


def test_plan_rollback_missing_backup_file_raises_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"--backup.*No such file"):
        roll_back_to("2.4.0", backup=BackupArgument((str(tmp_path / "nothing"),)))


@pytest.mark.slow
def test_reverse_stops_at_the_predicted_migration(instance, database):
    """The reverse of the migration that moved the ends of cables fails at the first cable."""
    if not instance.version.startswith("3.2"):
        pytest.skip("no reverse migration of this release fails")
    report = roll_back_to("3.1.8", **{STRATEGY: REVERSE_MIGRATIONS})
    assert report.verdict is Verdict.BLOCKED
    assert (
        report.rollback_decision.recommended.kind != REVERSE_MIGRATIONS
    )  # forward, if static files are not collected
    failure = options_by_kind(report)[REVERSE_MIGRATIONS].failure
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        ((recorded,),) = cursor.fetchall()
        error = ""
        for step in report.runbook.steps:
            for command in step.commands:
                if " migrate " in command and not error:
                    done = attempt(instance, *command.split())
                    error = done.stderr if done.returncode else ""
        assert failure.violation.precondition.name in error
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone() == (recorded - failure.migrations_reversed,)
        app, _, name = failure.migration.partition(".")
        cursor.execute(
            "SELECT count(*) FROM django_migrations WHERE app=%s AND name=%s", [app, name]
        )
        assert cursor.fetchone() == (1,)
