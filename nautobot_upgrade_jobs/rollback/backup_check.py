"""Verify that a dump is a usable backup of the previous state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..common.text import plural
from ..facts import TableFingerprints, Unavailable
from ..facts.backup_file import Backup
from ..facts.fingerprints import TableFingerprint
from .dump_file import MIGRATIONS_TABLE

MAXIMUM_AGE = timedelta(days=1)
"""Age of a backup that is recent enough while nothing has been upgraded."""
MANY_ROWS = 1000
"""Number of rows that does not double within a day in normal operation."""
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

    @property
    def is_proven(self) -> bool:
        """Whether everything that can be checked was checked, and nothing contradicts it."""
        return bool(self.evidence) and not self.contradictions and not self.unverified


@dataclass(frozen=True)
class ExpectedBackup:
    """The state that a backup should restore."""

    database: str
    """Name of the live database."""
    baseline: TableFingerprints | Unavailable | None
    """The tables before the upgrade. None if the current state is the one to restore."""
    migrations: Collection[str]
    """The migrations that the upgrade has applied."""
    first_applied: str
    """Time of the first of them, ISO 8601 in UTC. Empty if there is none or it is unknown."""
    system_id: str = ""
    """Identifier of the live PostgreSQL cluster. Empty if it is unknown."""
    recorded: Collection[str] = ()
    """Migrations whose record the backup must have. Empty if they are unknown."""
    current_rows: Mapping[str, int] = field(default_factory=dict)
    """Number of rows of each current table, if the current state is the one to restore."""
    now: datetime | None = None
    """The time to which users work. None if the backup should be from before the upgrade."""

    @property
    def tables(self) -> dict[str, TableFingerprint | Unavailable]:
        """The tables before the upgrade. Empty if they are unknown."""
        if self.baseline is None or isinstance(self.baseline, Unavailable):
            return {}
        return self.baseline.tables


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
    statements = (
        *_check_contents(backup, expected),
        *_check_age(backup, expected),
        *_check_migrations(backup, expected),
        *_check_tables(backup, expected.baseline, volatile),
    )
    return sort_statements(statements)


def sort_statements(statements: Iterable[tuple[str, str]]) -> BackupEvidence:
    """Return the evidence of statements, each of which is ``for``, ``against`` or ``open``."""
    sorted_ = dict[str, list[str]]({"for": [], "against": [], "open": []})
    for statement, kind in statements:
        sorted_[kind].append(statement)
    return BackupEvidence(*(tuple(sorted_[kind]) for kind in ("for", "against", "open")))


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
        "the definitions": {MIGRATIONS_TABLE, *baseline, *expected.current_rows}
        - {*backup.definitions},
        "the primary keys": {
            MIGRATIONS_TABLE,
            *(
                name
                for name, table in baseline.items()
                if isinstance(table, TableFingerprint) and table.primary_key
            ),
            *expected.current_rows,
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
    yield from _check_rows_of_definitions(backup, expected)


def _check_rows_of_definitions(
    backup: Backup, expected: ExpectedBackup
) -> Iterator[tuple[str, str]]:
    """Check that the tables that have rows now, or that the dump creates, have rows in it."""
    without_rows = {*backup.definitions} - {*backup.tables}
    if expected.current_rows:
        # INSERT statements and MySQL dumps have no trace of the rows of an empty table.
        without_rows &= {name for name, rows in expected.current_rows.items() if rows}
    elif isinstance(backup.rows, Unavailable):
        without_rows = set()
    if without_rows and not expected.tables:
        filled = [name for name, rows in expected.current_rows.items() if rows]
        yield (
            f"why it has no rows of {plural(len(without_rows), 'table')}, such as "
            f"{min(without_rows)}",
            "against" if filled and len(without_rows) > len(filled) / 2 else "open",
        )
    if not isinstance(backup.rows, Unavailable):
        for name, rows in expected.current_rows.items():
            if rows > MANY_ROWS and 0 < backup.rows.get(name, 0) < rows / 2:
                yield f"why it has {backup.rows[name]} rows of {name}, of {rows} now", "open"


def _check_migrations(backup: Backup, expected: ExpectedBackup) -> Iterator[tuple[str, str]]:
    """Check that the dump has the records of the state, and none of the upgrade.

    This needs no clock.
    """
    upgrade = expected.migrations
    if not backup.migrations:
        return
    if missing := sorted({*expected.recorded} - {*backup.migrations}):
        yield (
            f"it lacks the record of {plural(len(missing), 'applied migration')}, such as "
            f"{missing[0]}: it is older than the last upgrade",
            "against",
        )
    elif expected.recorded:
        yield f"it has the record of all {len(expected.recorded)} applied migrations", "for"
    if not upgrade:
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
    created = _parse_timestamp(backup.created)
    if expected.now:
        newest = max(filter(None, (created, backup.newest_change)), default=None)
        yield check_freshness(newest, expected.now, CLOCK_TOLERANCE)
        return
    if not expected.first_applied or (backup.migrations and expected.migrations):
        return
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


def check_freshness(
    made: datetime | None, now: datetime, tolerance: timedelta = timedelta()
) -> tuple[str, str]:
    """Return whether a backup is recent enough to restore the work of users.

    Args:
        made: When the backup was made. None if it is unknown.
        now: The current time.
        tolerance: By how much the clocks and the time zones may differ.
    """
    if made is None:
        return "when it was made: of a plain dump, only pg_dump --verbose writes the time", "open"
    age = now - made
    if age > MAXIMUM_AGE + tolerance:
        return (
            f"what users wrote since {made:%Y-%m-%d %H:%M} UTC, {plural(age.days, 'day')} ago",
            "open",
        )
    return f"it is of {made:%Y-%m-%d %H:%M} UTC", "for"


def _parse_timestamp(text: str) -> datetime | None:
    """Parse the time of a dump as UTC. The dump has the local time of its host."""
    try:
        return datetime.strptime(f"{' '.join(text.split()[:2])} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _check_tables(
    backup: Backup,
    baseline: TableFingerprints | Unavailable | None,
    volatile: Collection[str],
) -> Iterator[tuple[str, str]]:
    if baseline is None:
        return
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
