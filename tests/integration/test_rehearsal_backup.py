"""A backup as the copy of a rehearsal: a good one is restored, others are refused with a reason."""

import pytest

from development.instance import Instance
from nautobot_upgrade_jobs.catalog import load_catalog
from nautobot_upgrade_jobs.rehearsal.copy_server import CopyNames, Expected
from nautobot_upgrade_jobs.rehearsal.errors import RehearsalFailed
from nautobot_upgrade_jobs.rehearsal.postgresql.backup import restore_backup
from nautobot_upgrade_jobs.target.deadline import Deadline

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.network]

NEWER = ("extras", "0126_approval_workflow_pre_check")
OLDER = "extras.0125_jobresult_date_started"
OTHER = "rehearsal_other"


@pytest.fixture
def expected(live, instance):
    catalog = load_catalog()
    known = catalog.migrations(instance.version)
    return Expected(live, known, catalog.core_apps, instance.version)


def restore_from(file, server, expected):
    return restore_backup(
        file, server, CopyNames(expected.live.name, "nautobot"), expected, Deadline(120)
    )


@pytest.mark.parametrize("format_", ["custom", "tar", "directory"])
def test_restore_backup_of_each_format_gives_all_rows(dump_as, server, expected, format_):
    found = restore_from(dump_as(format_), server, expected)
    assert found.rows > 10_000
    assert found.backup == "before.dump"


@pytest.mark.parametrize("percent", [10, 56, 99])
def test_restore_backup_that_is_cut_is_refused(dump, server, expected, percent):
    data = dump.read_bytes()
    dump.write_bytes(data[: len(data) * percent // 100])
    with pytest.raises(RehearsalFailed, match="pg_restore failed"):
        restore_from(dump, server, expected)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\\! touch /tmp/planted\nSELECT 1;", "can run programs", id="plain"),
        pytest.param(b"\x1f\x8b\x08\x00rest", "no archive of pg_dump", id="compressed"),
        pytest.param(b"", "no archive of pg_dump", id="empty"),
    ],
)
def test_restore_backup_of_another_format_is_refused(tmp_path, server, expected, content, reason):
    file = tmp_path / "backup.sql"
    file.write_bytes(content)
    with pytest.raises(RehearsalFailed, match=reason):
        restore_from(file, server, expected)


def test_restore_backup_that_does_not_exist_is_refused(tmp_path, server, expected):
    with pytest.raises(RehearsalFailed, match="cannot be read: No such file"):
        restore_from(tmp_path / "missing", server, expected)


def test_restore_backup_from_after_the_first_migration_is_refused(dump, server, expected):
    older = frozenset(expected.migrations) - {OLDER}
    with pytest.raises(RehearsalFailed, match=f"after an upgrade had begun: it records {OLDER}"):
        restore_from(dump, server, expected._replace(migrations=older))


def test_restore_backup_of_an_older_release_is_refused(dump, server, expected):
    newer = frozenset(expected.migrations) | {".".join(NEWER)}
    with pytest.raises(RehearsalFailed, match="of an older release: it lacks"):
        restore_from(dump, server, expected._replace(migrations=newer))


def test_restore_backup_of_another_installation_is_refused(dump, server, expected, instance):
    stack = Instance(instance.version, instance.engine).server()
    stack.create(OTHER)
    try:
        stack.sql("CREATE TABLE extras_status AS SELECT gen_random_uuid() AS id", database=OTHER)
        parameters = {**expected.live.parameters, "dbname": OTHER}
        other = type(expected.live)("postgresql", parameters)
        with pytest.raises(RehearsalFailed, match="of another installation"):
            restore_from(dump, server, expected._replace(live=other))
    finally:
        stack.drop(OTHER)


def test_restore_backup_of_another_program_is_refused(dump_as, server, expected):
    file = dump_as("custom", "--table=auth_group")
    with pytest.raises(RehearsalFailed, match="no database of Nautobot"):
        restore_from(file, server, expected)
