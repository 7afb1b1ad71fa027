"""Verify the description of a backup whose rows this App does not read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from ..common.text import plural
from ..facts import Facts, or_none
from ..facts.backup_record import (
    BackupDescription,
    BackupRecord,
    BackupSource,
    BackupVerification,
    GivenBackup,
)
from .backup_check import (
    CLOCK_TOLERANCE,
    NO_BACKUP,
    BackupEvidence,
    ExpectedBackup,
    check_freshness,
    sort_statements,
    verify_backup,
)

HOW_TO_VERIFY = {
    BackupSource.PGBACKREST: "add the output of `pgbackrest verify --log-level-console=info`",
    BackupSource.BARMAN: "add the output of `barman verify-backup SERVER BACKUP`",
    BackupSource.WAL_G: "add the output of `wal-g wal-verify integrity timeline --json`",
    BackupSource.MYSQL_SHELL: "load it once into an empty server with `util.loadDump()`",
    BackupSource.CRON_JOB: "name the file that it wrote",
    BackupSource.VOLUME_SNAPSHOT: "restore it once into a new volume",
    BackupSource.STATEMENT: "no program describes this backup",
}
"""How to verify what the source does not report."""
VERIFIED = {
    BackupSource.PGBACKREST: "pgBackRest has read its files without an error",
    BackupSource.BARMAN: "Barman has verified its files",
    BackupSource.WAL_G: "WAL-G reports no gap in the log",
}
"""What a successful verification shows."""


def verify_given_backup(
    given: GivenBackup, expected: ExpectedBackup, volatile: Collection[str] = ()
) -> BackupEvidence:
    """Compare the backup that the operator names with the state that it should restore.

    Args:
        given: A dump, or the description of a backup.
        expected: The state to restore.
        volatile: Tables that lose rows without a user's action.
    """
    if given.dump:
        return verify_backup(given.dump, expected, volatile)
    if given.description:
        return verify_description(given.description, expected)
    return NO_BACKUP


def expect_current_state(facts: Facts, now: datetime) -> ExpectedBackup:
    """Return the current state as the one to restore, before an upgrade.

    Args:
        facts: The facts of the installation.
        now: The current time.
    """
    database, migrations = or_none(facts.database), or_none(facts.migrations)
    tables = or_none(facts.tables)
    return ExpectedBackup(
        database.name if database else "",
        baseline=None,
        migrations=(),
        first_applied="",
        system_id=(or_none(database.system_id) or "") if database else "",
        recorded=migrations.recorded if migrations else (),
        current_rows={
            table.name: table.rows for table in tables.tables if table.name in tables.model_tables
        }
        if tables
        else {},
        now=now,
    )


def verify_description(description: BackupDescription, expected: ExpectedBackup) -> BackupEvidence:
    """Compare what a source reports about its backups with the state to restore.

    Args:
        description: The backups, and their verification by their own program.
        expected: The state before the upgrade.
    """
    record = choose_record(description, expected.first_applied)
    if record is None:
        count = plural(len(description.records), "backup")
        source = description.records[0].source.value
        text = f"{source} has {count}, and none was complete when the upgrade began"
        failures = (
            (f"{each.label}: {failure}", "against")
            for each in description.records
            for failure in each.failures
        )
        return sort_statements([(text, "against"), *failures])
    return sort_statements(
        (
            *_check_time(record, expected),
            *_check_identity(record, expected),
            *_check_files(record, description),
        )
    )


def choose_record(description: BackupDescription, first_applied: str) -> BackupRecord | None:
    """Return the newest backup that was complete when the upgrade began. None if there is none.

    Args:
        description: The backups.
        first_applied: Time of the first migration, ISO 8601 in UTC. Empty if it is unknown.
    """
    began = datetime.fromisoformat(first_applied) if first_applied else None
    complete = [
        (record.finished, record)
        for record in description.records
        if record.finished and (began is None or record.finished <= began)
    ]
    if not complete and began is None:
        return description.records[0]
    return max(complete, key=lambda each: each[0], default=(None, None))[1]


def _check_time(record: BackupRecord, expected: ExpectedBackup) -> Iterator[tuple[str, str]]:
    if record.finished is None:
        if not record.failures:
            yield (f"{record.label} is not complete", "against")
        return
    made = f"{record.label} of {record.finished:%Y-%m-%d %H:%M} UTC"
    if record.source is BackupSource.STATEMENT:
        yield (f"whether it exists: {made}", "open")
    else:
        yield (f"{record.source.value} reports {made}", "for")
    if expected.now:
        text, kind = check_freshness(record.finished, expected.now)
        if kind == "open":
            yield (text, kind)
    elif expected.first_applied:
        if record.source is not BackupSource.STATEMENT:
            yield (f"the upgrade began later, at {expected.first_applied}", "for")
    elif expected.migrations:
        yield ("whether the backup is older than the upgrade", "open")


def _check_identity(record: BackupRecord, expected: ExpectedBackup) -> Iterator[tuple[str, str]]:
    """Check that the backup is of the live database."""
    if record.source is BackupSource.STATEMENT:
        return
    if record.system_id and expected.system_id:
        same = record.system_id == expected.system_id
        yield (
            ("it is of this PostgreSQL cluster, by its system identifier", "for")
            if same
            else (
                f"it is of another PostgreSQL cluster: system identifier {record.system_id}, not "
                f"{expected.system_id}",
                "against",
            )
        )
    if record.databases and expected.database:
        if expected.database not in record.databases:
            names = ", ".join(record.databases[:3])
            yield (f"it has no database {expected.database}, but {names}", "against")
    elif not record.system_id or not expected.system_id:
        database = f"the database {expected.database}" if expected.database else "this database"
        yield (f"whether it is of {database}", "open")
    tables = {*expected.tables, *expected.current_rows}
    if record.tables and (missing := sorted(tables - {*record.tables})):
        yield (f"it lacks {plural(len(missing), 'table')}, such as {missing[0]}", "against")


def _check_files(record: BackupRecord, description: BackupDescription) -> Iterator[tuple[str, str]]:
    """Check what the source reports as damaged, and that its files have been read."""
    yield from ((failure, "against") for failure in record.failures)
    verification = description.verification
    if verification is None:
        yield (f"whether it can be restored: {HOW_TO_VERIFY[record.source]}", "open")
    elif mismatch := _find_mismatch(record, verification):
        yield (mismatch, "against")
    elif verification.failures:
        yield from (
            (f"{verification.source.value} found: {failure}", "against")
            for failure in verification.failures
        )
    elif (
        record.finished
        and verification.finished
        and (verification.finished < record.finished - CLOCK_TOLERANCE)
    ):
        yield (
            f"whether it can be restored: the verification of "
            f"{verification.finished:%Y-%m-%d %H:%M} is older than the backup",
            "open",
        )
    else:
        yield (VERIFIED[verification.source], "for")


def _find_mismatch(record: BackupRecord, verification: BackupVerification) -> str:
    """Return why a verification is not about a backup. Empty if nothing contradicts it."""
    if verification.source is not record.source:
        return (
            f"the verification is of {verification.source.value}, but the backup is of "
            f"{record.source.value}"
        )
    for name, own, verified in (
        ("", record.group, verification.group),
        ("repository ", record.repository, verification.repository),
    ):
        if own and verified and own != verified:
            return f"the verification is of {name}{verified}, but the backup is of {name}{own}"
    return ""
