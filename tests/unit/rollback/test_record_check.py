"""Whether a described backup is the backup of the state to restore."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from nautobot_upgrade_jobs.facts.backup_record import (
    NONE_GIVEN,
    BackupDescription,
    BackupRecord,
    BackupSource,
    BackupVerification,
    GivenBackup,
)
from nautobot_upgrade_jobs.rollback.backup_check import NO_BACKUP, ExpectedBackup
from nautobot_upgrade_jobs.rollback.record_check import (
    choose_record,
    expect_current_state,
    verify_description,
    verify_given_backup,
)
from tests.support.builders import facts


def at(day, hour=8):
    return datetime(2026, 11, day, hour, tzinfo=timezone.utc)


RECORD = BackupRecord(BackupSource.PGBACKREST, "F1", at(20), system_id="77")
INTACT = BackupVerification(BackupSource.PGBACKREST)
DAMAGED = BackupVerification(BackupSource.PGBACKREST, ("checksum invalid: 1",))
UPGRADE = ExpectedBackup("nautobot", None, ("dcim.0081",), at(22).isoformat(), "77")
BEFORE = ExpectedBackup("nautobot", None, (), "", "77", now=at(20, 20))


def verify(record=RECORD, verification=INTACT, expected=UPGRADE):
    return verify_description(BackupDescription((record,), verification), expected)


@pytest.mark.parametrize("expected", [UPGRADE, BEFORE])
def test_verify_description_of_a_verified_backup_is_proven(expected):
    assert verify(expected=expected).is_proven


@pytest.mark.parametrize(
    ("changes", "verification", "fragment"),
    [
        ({"failures": ("wrong checksums",)}, INTACT, "wrong checksums"),
        ({"system_id": "78"}, INTACT, "another PostgreSQL cluster"),
        ({"databases": ("postgres",)}, INTACT, "no database nautobot"),
        ({"finished": at(23)}, INTACT, "none was complete"),
        ({"finished": None}, INTACT, "none was complete"),
        ({}, DAMAGED, "checksum invalid"),
        ({}, BackupVerification(BackupSource.WAL_G), "of WAL-G"),
        ({"group": "nautobot"}, replace(INTACT, group="other"), "of other"),
        ({"repository": "1"}, replace(INTACT, repository="2"), "repository 2"),
    ],
)
def test_verify_description_with_a_contradiction_is_refused(changes, verification, fragment):
    found = verify(replace(RECORD, **changes), verification)
    assert fragment in " ".join(found.contradictions)
    assert not found.is_proven


@pytest.mark.parametrize(
    ("changes", "verification", "fragment"),
    [
        ({}, None, "pgbackrest verify"),
        ({"system_id": ""}, INTACT, "whether it is of the database"),
        ({}, replace(INTACT, finished=at(1)), "older than the backup"),
        ({"source": BackupSource.WAL_G}, None, "wal-verify"),
        ({"source": BackupSource.BARMAN}, None, "verify-backup"),
        ({"source": BackupSource.CRON_JOB, "system_id": ""}, None, "name the file"),
        ({"source": BackupSource.VOLUME_SNAPSHOT, "system_id": ""}, None, "new volume"),
        ({"source": BackupSource.STATEMENT, "system_id": ""}, None, "no program"),
    ],
)
def test_verify_description_states_what_is_open(changes, verification, fragment):
    found = verify(replace(RECORD, **changes), verification)
    assert fragment in " ".join(found.unverified)
    assert not found.contradictions
    assert not found.is_proven


def test_verify_description_of_a_statement_has_no_evidence():
    assert not verify(replace(RECORD, source=BackupSource.STATEMENT), None).evidence


def test_verify_description_of_an_old_backup_names_the_lost_time():
    found = verify(expected=replace(BEFORE, now=at(25)))
    assert "5 days ago" in " ".join(found.unverified)


def test_verify_description_that_lacks_a_table_is_refused():
    record = replace(RECORD, source=BackupSource.MYSQL_SHELL, tables=("a",))
    found = verify(record, None, replace(BEFORE, current_rows={"a": 1, "b": 0}))
    assert found.contradictions == ("it lacks 1 table, such as b",)


@pytest.mark.parametrize(
    ("days", "began", "chosen"),
    [
        ((18, 20, 23), at(22).isoformat(), 20),
        ((18, 20), "", 20),
        ((23, 24), at(22).isoformat(), None),
        ((None, 20), "", 20),
    ],
)
def test_choose_record_takes_the_newest_from_before_the_upgrade(days, began, chosen):
    records = tuple(replace(RECORD, finished=day and at(day)) for day in days)
    found = choose_record(BackupDescription(records), began)
    assert (found and found.finished) == (chosen and at(chosen))


def test_verify_given_backup_without_one_has_no_evidence():
    assert verify_given_backup(NONE_GIVEN, UPGRADE) == NO_BACKUP
    given = GivenBackup(description=BackupDescription((RECORD,), INTACT))
    assert verify_given_backup(given, UPGRADE).is_proven


def test_expect_current_state_names_migrations_and_tables():
    expected = expect_current_state(facts(), at(20))
    assert expected.database
    assert expected.recorded
    assert expected.now == at(20)
