"""Whether a dump is the backup of the state before the upgrade."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from nautobot_upgrade_jobs.facts import TableFingerprints, Unavailable
from nautobot_upgrade_jobs.facts.backup_file import Backup
from nautobot_upgrade_jobs.facts.fingerprints import TableFingerprint
from nautobot_upgrade_jobs.rollback.backup_check import ExpectedBackup, verify_backup

TABLES = ("a", "b", "django_migrations")
BACKUP = Backup(
    "b.dump",
    "2026-11-20 08:40:00 UTC",
    "nautobot",
    TABLES,
    True,
    {"a": 3, "b": 0, "django_migrations": 2},
    definitions=TABLES,
    keys=TABLES,
    migrations=("dcim.0001_initial",),
)
LATER = "2026-11-22T09:00:00+00:00"


def state(**rows):
    tables = {name: TableFingerprint(number, ("id",), None, ()) for name, number in rows.items()}
    return TableFingerprints("a", "postgresql 18", "C", "keys", tables)


def verify(changes, baseline, began=LATER, migrations=(), database="nautobot"):
    expected = ExpectedBackup(database, baseline, migrations, began)
    return verify_backup(replace(BACKUP, **changes), expected)


@pytest.mark.parametrize(
    ("changes", "then", "began", "objections", "questions"),
    [
        ({}, state(a=3, b=0), LATER, 0, 0),
        ({}, state(a=2, b=0), LATER, 0, 0),  # something was added before the dump
        ({}, state(a=3), LATER, 0, 0),
        ({}, state(a=4, b=0), LATER, 1, 0),
        ({}, state(a=3, b=0, c=1), LATER, 3, 0),  # no definition, no key, no rows
        ({}, state(a=3, b=0, c=0), LATER, 2, 0),
        ({"definitions": (*TABLES, "c"), "keys": (*TABLES, "c")}, state(a=3, c=0), LATER, 0, 0),
        ({"complete": False}, state(a=3, b=0), LATER, 1, 0),
        ({"created": "2026-11-22 09:30:00 UTC"}, state(a=3, b=0), LATER, 0, 1),
        ({"created": "2026-11-22 08:30:00 UTC"}, state(a=3, b=0), LATER, 0, 1),
        ({"created": "2026-11-24 09:30:00 CET"}, state(a=3, b=0), LATER, 1, 0),
        ({"created": ""}, state(a=3, b=0), LATER, 0, 1),
        ({}, state(a=3, b=0), "", 0, 0),
        ({"rows": Unavailable("too long")}, state(a=3, b=0), LATER, 0, 1),
        ({}, Unavailable("no snapshot"), LATER, 0, 1),
    ],
)
def test_verify_backup_sorts_statements(changes, then, began, objections, questions):
    found = verify(changes, then, began)
    assert (len(found.contradictions), len(found.unverified)) == (objections, questions)
    assert found.evidence or objections


STATE = state(a=3, b=0)
NO_STATE = Unavailable("no snapshot")


@pytest.mark.parametrize(
    ("changes", "baseline", "objection"),
    [
        pytest.param({"definitions": ()}, STATE, "definitions of 3 tables", id="--data-only"),
        pytest.param(
            {"definitions": ()}, NO_STATE, "definitions of 1 table", id="--data-only, no state"
        ),
        pytest.param({"keys": ()}, STATE, "primary keys of 3 tables", id="without post-data"),
        pytest.param(
            {"keys": ()}, NO_STATE, "primary keys of 1 table", id="without post-data, no state"
        ),
        pytest.param({"tables": ()}, NO_STATE, "the rows of 1 table", id="--schema-only"),
        pytest.param({"complete": False}, STATE, "--compact", id="no regular end"),
        pytest.param(
            {"database": "crm", "writes_to": "crm"}, STATE, "write to the database crm", id="USE"
        ),
    ],
)
def test_verify_backup_from_which_nothing_can_be_restored_is_refused(changes, baseline, objection):
    found = verify(changes, baseline, "")
    assert objection in "; ".join(found.contradictions)


@pytest.mark.parametrize(
    ("changes", "baseline", "question"),
    [
        pytest.param({"database": "old"}, STATE, "it was made of old", id="another name"),
        pytest.param(
            {"definitions": (*TABLES, "log")}, NO_STATE, "1 table, such as log", id="excluded data"
        ),
    ],
)
def test_verify_backup_open_questions_are_stated(changes, baseline, question):
    found = verify(changes, baseline, "")
    assert not found.contradictions
    assert question in "; ".join(found.unverified)


def test_verify_backup_without_a_known_database_compares_no_name():
    assert not verify({"database": "old"}, STATE, database="").unverified


@pytest.mark.parametrize(
    ("recorded", "upgrade", "refused"),
    [
        (("dcim.0001",), ("dcim.0002",), False),
        (("dcim.0001", "dcim.0002"), ("dcim.0002", "dcim.0003"), True),
        ((), ("dcim.0002",), False),  # the rows could not be read
        (("dcim.0001",), (), False),
    ],
)
def test_verify_backup_with_a_record_of_the_upgrade_is_too_new(recorded, upgrade, refused):
    """Whatever the clocks say."""
    found = verify({"migrations": recorded, "created": ""}, STATE, LATER, upgrade)
    assert bool(found.contradictions) is refused


@pytest.mark.parametrize("created", ["2026-11-22 10:40:00 UTC", "2026-11-30 08:40:00 CET", ""])
def test_verify_backup_without_a_record_of_the_upgrade_needs_no_clock(created):
    """`pg_restore` prints the time of a host in Berlin as UTC if Nautobot calls it."""
    found = verify({"created": created}, STATE, LATER, ("dcim.0002",))
    assert not found.contradictions
    assert not found.unverified


def test_verify_backup_volatile_tables_are_ignored():
    expected = ExpectedBackup("nautobot", state(a=9, b=0), (), LATER)
    assert not verify_backup(BACKUP, expected, volatile=("a",)).contradictions


NOW = datetime(2026, 11, 20, 20, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("changes", "rows", "kind"),
    [
        ({}, {"a": 3, "b": 0}, ""),
        ({"tables": ("django_migrations",)}, {"a": 3, "b": 0}, "against"),  # no rows at all
        (
            {"tables": ("django_migrations",), "rows": Unavailable("MySQL")},
            {"a": 3, "b": 0},
            "against",
        ),
        ({"tables": ("b", "django_migrations")}, {"a": 3, "b": 5}, "open"),  # of one table
        ({"keys": ("django_migrations",)}, {"a": 3, "b": 0}, "against"),
        ({"rows": {"a": 1}}, {"a": 30_000, "b": 0}, "open"),
        ({"definitions": ("a", "django_migrations")}, {"a": 3, "b": 0}, "against"),
        ({"created": "2026-11-12 08:40:00 UTC"}, {"a": 3, "b": 0}, "open"),
    ],
)
def test_verify_backup_of_the_current_state_needs_its_tables_and_rows(changes, rows, kind):
    expected = ExpectedBackup(
        "nautobot", None, (), "", recorded=("dcim.0001_initial",), current_rows=rows, now=NOW
    )
    found = verify_backup(replace(BACKUP, **changes), expected)
    assert bool(found.contradictions) is (kind == "against")
    assert found.is_proven is (not kind), found
