"""The way back, planned on a real installation, and then gone on a copy of it."""

import gzip
import json
import os
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jsonschema
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import FileSystemStorage, Storage
from django.db import connection
from django.http import QueryDict
from django.utils import timezone
from nautobot.dcim.models import Manufacturer
from nautobot.extras.context_managers import web_request_context
from nautobot.extras.filters import ObjectChangeFilterSet
from nautobot.extras.models import Note, ObjectChange
from nautobot.users.models import User

from nautobot_upgrade_jobs.app_settings import UsageError
from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.checks.findings import Verdict
from nautobot_upgrade_jobs.collect import Context
from nautobot_upgrade_jobs.collect.operations.content_type_cascades import content_type_cascades
from nautobot_upgrade_jobs.collect.rollback import changes_since as written
from nautobot_upgrade_jobs.collect.rollback.backup_file import UnreadableBackupError, read_backup
from nautobot_upgrade_jobs.collect.rollback.changelog_export import export_changelog
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.report.formats.json import build_document, load_schema
from nautobot_upgrade_jobs.rollback.backup_check import prove
from nautobot_upgrade_jobs.rollback.losses import of_restore
from nautobot_upgrade_jobs.workflows.capture import capture
from nautobot_upgrade_jobs.workflows.context import RunRequest
from nautobot_upgrade_jobs.workflows.rollback import plan_rollback
from nautobot_upgrade_jobs.workflows.rollback_destination import STATE_UNAVAILABLE, SnapshotArgument
from tests.support.nautobot import connected_to
from tests.support.upgrading import DATABASE, attempt


def older(instance):
    """The newest release with fewer migrations, and the newest with the same ones."""
    sets = load_catalog().migration_sets.by_release
    here = sets[instance.version]
    before = [one.version for one in load_catalog().releases if one.version in sets]
    before = before[: before.index(instance.version)]
    fewer = [one for one in before if sets[one] < here]
    same = [one for one in before if sets[one] == here]
    return fewer[-1], same[-1] if same else None


def back_to(target="", **options):
    return plan_rollback(RunRequest(target=target), **options)


@pytest.fixture
def database(instance, nautobot):
    server = instance.server()
    server.clone(instance.data, DATABASE)
    with connected_to(DATABASE):
        yield DATABASE
    server.drop(DATABASE)


def ways(report):
    return {one.kind: one for one in report.rollback_decision.ways}


def test_equal_migrations_need_no_work_in_the_database(instance):
    _, same = older(instance)
    if not same:
        pytest.skip("no earlier release has the same migrations")
    report = back_to(same)
    assert report.rollback_decision.advised.kind == "nothing"
    assert report.verdict is Verdict.GO
    assert "Install the old packages" in [one.title for one in report.steps]
    assert not any(" migrate " in command for one in report.steps for command in one.commands)


def test_to_a_release_with_fewer_migrations(instance):
    fewer, _ = older(instance)
    report = back_to(fewer)
    assert report.rollback_decision.diagnosis.committed > 0
    assert ways(report)["nothing"].why_not
    assert report.not_checked == ()
    jsonschema.validate(json.loads(json.dumps(build_document(report))), load_schema())


def test_a_snapshot_of_now_is_where_we_are():
    report = back_to(given=SnapshotArgument(capture(depth="keys").snapshot, "snapshot-x.json.gz"))
    assert report.rollback_decision.advised.kind == "nothing"
    assert report.constraints.startswith(("#", "a"))
    assert "nautobot==" in report.constraints
    assert "snapshot-x.json.gz" in report.steps[-1].commands[-1]


@pytest.mark.once
@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "Name the state to go back to"),
        ("a b c", "Name the state to go back to"),
        ("yesterday", "is no release of Nautobot"),
        ("2.4.999", "knows no Nautobot 2.4.999"),
        ("nobody zero", "No App 'nobody' with migrations is on disk"),
        ("dcim 0001", "did you mean 0001_initial_part_1"),
        ("dcim nonsense", "dcim has no migration 'nonsense'; did you mean"),
        ("9" * 500, "knows no Nautobot"),
    ],
)
def test_what_is_no_state_is_refused(target, says):
    with pytest.raises(UsageError, match=says[:20]) as refused:
        back_to(target)
    assert says in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_a_newer_release_is_no_way_back(instance):
    newer = [one.version for one in load_catalog().releases]
    newer = newer[newer.index(instance.version) + 1 :]
    if not newer:
        pytest.skip("there is none")
    with pytest.raises(UsageError, match="is no state to go back to"):
        back_to(newer[-1])


def test_the_snapshot_of_another_instance_is_refused_unless_it_is_named():
    snapshot = replace(capture(depth="counts").snapshot, instance="elsewhere")
    with pytest.raises(UsageError, match="of another instance, 'elsewhere'"):
        back_to(given=SnapshotArgument(snapshot))
    assert back_to(
        given=SnapshotArgument(snapshot, instance="elsewhere")
    ).rollback_decision.snapshot


def test_named_twice_is_refused():
    with pytest.raises(UsageError, match="given twice"):
        back_to("2.4.0", given=SnapshotArgument(capture(depth="counts").snapshot))


def test_an_unknown_way_is_refused():
    with pytest.raises(UsageError, match=r"No such way: fly\. Known: nothing, forward"):
        back_to("2.4.0", way="fly")


def test_what_was_changed_since_is_written_down(tmp_path):
    """In the order in which it was changed, page by page."""
    user = User.objects.first()
    since = timezone.now()
    with web_request_context(user):
        made = [Manufacturer.objects.create(name=f"Since {number}") for number in range(3)]
    with web_request_context(user):
        made[0].description = "changed"
        made[0].save()
        made[1].delete()
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
    counted = written.collect(Context(connection), since)
    assert sum(one.count for one in counted.logged_changes) == 5
    assert {(one.table, one.created) for one in counted.timestamp_changes} == {
        ("dcim_manufacturer", 2)
    }
    (created,) = (one for one in of_restore(counted) if one.says == "create")
    assert created.sample == ("Since 2", "Since 1", "Since 0")
    asked = ObjectChangeFilterSet(QueryDict(urlsplit(created.link).query))
    assert asked.is_valid(), asked.errors
    assert sorted(asked.qs.values_list("object_repr", flat=True)) == [
        "Since 0",
        "Since 1",
        "Since 2",
    ]
    for one in made[::2]:
        one.delete()


def test_what_the_upgrade_itself_has_stamped_is_nobodys_work():
    since = timezone.now()
    Manufacturer.objects.create(name="By the upgrade")
    now, later = timezone.now(), timezone.now() + timedelta(hours=1)

    def stamped(upgrade):
        found = written.collect(Context(connection), since, upgrade).timestamp_changes
        return [(one.table, one.created) for one in found]

    assert stamped(None) == [("dcim_manufacturer", 1)]
    assert stamped((since, now)) == []
    assert stamped((now, later)) == [("dcim_manufacturer", 1)]  # before it
    long_ago = since - 2 * written.POST_UPGRADE_GRACE
    assert stamped((long_ago, long_ago)) == [("dcim_manufacturer", 1)]  # long after it
    Manufacturer.objects.get(name="By the upgrade").delete()


def test_what_refers_to_the_content_type_of_a_model_that_goes():
    manufacturer = ContentType.objects.get_for_model(Manufacturer)
    note = Note.objects.create(
        assigned_object=Manufacturer.objects.first(), note="remember", user_name="eve"
    )
    found = {
        one.referencing_column: one
        for one in content_type_cascades(connection, {("dcim", "manufacturer")})
    }
    place = found["extras_note.assigned_object_type_id"]
    assert place.rows == Note.objects.filter(assigned_object_type=manufacturer).count()
    assert place.models == ("dcim.manufacturer",)
    assert "auth_permission.content_type_id" not in found
    assert not list(content_type_cascades(connection, {("dcim", "nothing")}))
    note.delete()


def test_files_of_users_are_counted(monkeypatch, tmp_path):
    storage = "nautobot_upgrade_jobs.collect.rollback.changes_since.default_storage"
    monkeypatch.setattr(storage, Storage())
    since = timezone.now() - timedelta(minutes=1)
    assert isinstance(written.collect(Context(connection), since).new_media_files, Unavailable)
    monkeypatch.setattr(storage, FileSystemStorage(tmp_path))
    assert written.collect(Context(connection), since).new_media_files == 0
    (tmp_path / "image-attachments").mkdir()
    (tmp_path / "image-attachments" / "rack.png").write_bytes(b"a picture")
    old = tmp_path / "old.png"
    old.write_bytes(b"an old one")
    os.utime(old, (0, 0))
    assert written.collect(Context(connection), since).new_media_files == 1


def test_page_by_page_nothing_is_left_out_or_doubled(tmp_path, monkeypatch):
    monkeypatch.setattr("nautobot_upgrade_jobs.collect.rollback.changelog_export.PAGE_SIZE", 7)
    long_ago = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    assert (
        export_changelog(Context(connection), long_ago, tmp_path / "all")
        == ObjectChange.objects.count()
    )


@pytest.fixture
def dump(instance, monkeypatch, tmp_path):
    """A native dump of the database that the tests work on."""
    if instance.evidence_source != "postgresql":
        pytest.skip("of PostgreSQL")
    binaries = instance.server().binaries
    monkeypatch.setenv("PATH", str(binaries), prepend=os.pathsep)
    path, here = tmp_path / "before.dump", connection.settings_dict
    words = [
        "--format=custom",
        f"--file={path}",
        f"--host={here['HOST']}",
        f"--port={here['PORT']}",
    ]
    words += [f"--username={here['USER']}", here["NAME"]]
    subprocess.run(
        ["pg_dump", *words], env=os.environ | {"PGPASSWORD": here["PASSWORD"]}, check=True
    )
    return path


def test_a_dump_is_set_beside_the_snapshot(dump):
    snapshot = capture(depth="counts").snapshot
    backup = read_backup(dump, 60)
    counted = {name: table.rows for name, table in snapshot.facts.fingerprints.tables.items()}
    assert backup.rows == counted
    found = prove(backup, snapshot.facts.fingerprints, "")
    assert (found.objections, found.open) == ((), ())
    assert len(found.evidence) == 2


def test_a_dump_that_was_made_too_late_is_none(dump):
    objections = prove(
        read_backup(dump, 60), STATE_UNAVAILABLE, "2020-01-01T00:00:00+00:00"
    ).objections
    assert "the upgrade began at 2020" in objections[0]


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_dump_that_was_cut_short_is_none(dump, part):
    data = dump.read_bytes()
    dump.write_bytes(data[: int(len(data) * part)])
    try:
        backup = read_backup(dump, 60)
    except UnreadableBackupError as error:
        assert str(dump) in str(error)
    else:
        assert not backup.complete


def test_a_dump_whose_rows_take_too_long_is_not_counted(dump):
    backup = read_backup(dump, 0)
    assert backup.complete
    assert "not through after 0 s" in backup.rows.reason


def test_a_file_that_is_not_there_is_a_clear_line(tmp_path):
    with pytest.raises(UsageError, match=r"--backup .*No such file"):
        back_to("2.4.0", backup=tmp_path / "nothing")


def test_django_stops_where_it_was_said(instance, database):
    """Of the release that has moved the ends of cables: its reverse fails with the first cable."""
    if not instance.version.startswith("3.2"):
        pytest.skip("no migration of this release stops")
    report = back_to("3.1.8", way="reverse")
    assert report.verdict is Verdict.BLOCKED
    assert (
        report.rollback_decision.advised.kind != "reverse"
    )  # forward, if static files are not collected
    stop = ways(report)["reverse"].stop
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        ((recorded,),) = cursor.fetchall()
        said = ""
        for step in report.steps:
            for command in step.commands:
                if " migrate " in command and not said:
                    done = attempt(instance, *command.split())
                    said = done.stderr if done.returncode else ""
        assert stop.answer.precondition.name in said
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone() == (recorded - stop.undone,)
        app, _, name = stop.migration.partition(".")
        cursor.execute(
            "SELECT count(*) FROM django_migrations WHERE app=%s AND name=%s", [app, name]
        )
        assert cursor.fetchone() == (1,)
