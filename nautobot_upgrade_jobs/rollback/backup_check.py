"""Verify that a dump is a usable backup of the previous state."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..common.text import plural
from ..facts import TableFingerprints, Unavailable
from ..facts.backup_file import Backup
from ..facts.fingerprints import TableFingerprint
from .dump_file import MIGRATIONS_TABLE

CLOCK_TOLERANCE = timedelta(days=1)
"""Clocks and time zones of two hosts may differ by this time. A larger difference is real."""


@dataclass(frozen=True)
class BackupEvidence:
    """The results of the verification of a backup file."""

    evidence: tuple[str, ...] = ()
    """Evidence that the file is a usable backup."""
    contradictions: tuple[str, ...] = ()
    """Evidence that it is not. A single contradiction makes the file unusable as a backup."""
    unverified: tuple[str, ...] = ()
    """Properties that could not be determined."""


@dataclass(frozen=True)
class ExpectedBackup:
    """The state that a dump should restore."""

    database: str
    """Name of the live database."""
    baseline: TableFingerprints | Unavailable
    """The tables before the upgrade."""
    migrations: Collection[str]
    """The migrations that the upgrade has applied."""
    first_applied: str
    """Time of the first of them, ISO 8601 in UTC. Empty if there is none or it is unknown."""

    @property
    def tables(self) -> dict[str, TableFingerprint | Unavailable]:
        """The tables before the upgrade. None if they are unknown."""
        return {} if isinstance(self.baseline, Unavailable) else self.baseline.tables


NO_BACKUP = BackupEvidence(unverified=("no file was given",))


def verify_backup(
    backup: Backup, expected: ExpectedBackup, volatile: Collection[str] = ()
) -> BackupEvidence:
    """Compare a dump with the state that it should restore.

    Args:
        backup: The metadata of the dump.
        expected: The state before the upgrade.
        volatile: Tables that lose rows without a user's action.
    """
    evidence, contradictions, unverified = list[str](), list[str](), list[str]()
    statements = (
        *_check_contents(backup, expected),
        *_check_age(backup, expected),
        *_check_migrations(backup, expected.migrations),
        *_check_tables(backup, expected.baseline, volatile),
    )
    for statement, kind in statements:
        {"for": evidence, "against": contradictions, "open": unverified}[kind].append(statement)
    return BackupEvidence(tuple(evidence), tuple(contradictions), tuple(unverified))


def _check_contents(backup: Backup, expected: ExpectedBackup) -> Iterator[tuple[str, str]]:
    """Check that the dump has the definitions, the keys and the data of one database."""
    if not backup.complete:
        yield (
            f"{backup.file} has no regular end: it is incomplete, or an option such as --compact "
            "left out statements that a restore needs",
            "against",
        )
    else:
        yield f"{backup.file} is readable to its end, {len(backup.tables)} tables", "for"
    other = expected.database and backup.database not in ("", expected.database)
    if other and backup.writes_to:
        yield (
            f"its statements write to the database {backup.writes_to}, not to {expected.database}",
            "against",
        )
    elif other:
        yield f"whether it is of {expected.database}: it was made of {backup.database}", "open"
    baseline = expected.tables
    lacking = {
        "the definitions": {MIGRATIONS_TABLE, *baseline} - {*backup.definitions},
        "the primary keys": {
            MIGRATIONS_TABLE,
            *(
                name
                for name, table in baseline.items()
                if isinstance(table, TableFingerprint) and table.primary_key
            ),
        }
        - {*backup.keys},
        "the rows": {MIGRATIONS_TABLE} - {*backup.tables},
    }
    for part, tables in lacking.items():
        if tables:
            yield (
                f"it lacks {part} of {plural(len(tables), 'table')}, such as {min(tables)}",
                "against",
            )
    without_rows = {*backup.definitions} - {*backup.tables}
    if without_rows and not baseline and not isinstance(backup.rows, Unavailable):
        yield (
            f"why it has no rows of {plural(len(without_rows), 'table')}, such as "
            f"{min(without_rows)}",
            "open",
        )


def _check_migrations(backup: Backup, upgrade: Collection[str]) -> Iterator[tuple[str, str]]:
    """Check that the dump has no record of the upgrade. This needs no clock."""
    if not backup.migrations or not upgrade:
        return
    if applied := sorted({*upgrade} & {*backup.migrations}):
        yield (
            f"it was made after the upgrade had begun: it has the record of {applied[0]}",
            "against",
        )
    else:
        yield f"it has the record of none of the {plural(len(upgrade), 'migration')}", "for"


def _check_age(backup: Backup, expected: ExpectedBackup) -> Iterator[tuple[str, str]]:
    """Compare the time of a dump, if its rows have no record of migrations.

    The time is that of the host which made the dump, in an unknown time zone. The records need no
    clock.
    """
    if not expected.first_applied or (backup.migrations and expected.migrations):
        return
    created = _parse_timestamp(backup.created)
    if created is None:
        yield f"the time of the backup is not readable: {backup.created or 'empty'}", "open"
        return
    began = datetime.fromisoformat(expected.first_applied)
    times = f"the backup was created at {backup.created}, the upgrade began at {began.isoformat()}"
    if created > began + CLOCK_TOLERANCE:
        yield times, "against"
    elif created > began - CLOCK_TOLERANCE:
        yield f"whether the backup is older than the upgrade: {times}", "open"
    else:
        yield times, "for"


def _parse_timestamp(text: str) -> datetime | None:
    """Parse the time of a dump as UTC. The dump has the local time of its host."""
    try:
        return datetime.strptime(f"{' '.join(text.split()[:2])} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _check_tables(
    backup: Backup, baseline: TableFingerprints | Unavailable, volatile: Collection[str]
) -> Iterator[tuple[str, str]]:
    if isinstance(baseline, Unavailable):
        yield f"whether the backup has all tables and rows: {baseline.reason}", "open"
        return
    # A dump with INSERT statements has no trace of the rows of an empty table.
    filled = {
        name
        for name, table in baseline.tables.items()
        if not isinstance(table, TableFingerprint) or table.rows
    }
    missing = sorted(filled - set(backup.tables))
    if missing:
        yield f"the backup lacks the rows of {len(missing)} tables, such as {missing[0]}", "against"
    if isinstance(backup.rows, Unavailable):
        yield f"how many rows the backup has: {backup.rows.reason}", "open"
        return
    known = {
        name: table.rows
        for name, table in baseline.tables.items()
        if isinstance(table, TableFingerprint)
    }
    # The dump is usually newer than the snapshot, so it may have more rows.
    fewer = sorted(
        name
        for name in (known.keys() & backup.rows.keys()) - set(volatile)
        if backup.rows[name] < known[name]
    )
    for name in fewer:
        yield f"{name}: {backup.rows[name]} rows, but the snapshot has {known[name]}", "against"
    if not fewer and not missing:
        yield f"none of {len(baseline.tables)} tables has fewer rows than in the snapshot", "for"
