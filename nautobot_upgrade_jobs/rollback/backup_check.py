"""Verify that a dump is a usable backup of the previous state."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice

from ..facts import TableFingerprints, Unavailable
from ..facts.backup_file import Backup, BackupFormat, Preamble
from ..facts.fingerprints import TableFingerprint

CREATED = re.compile(r"^; Archive created at (.+)$", re.MULTILINE)
NAME = re.compile(r"^;\s+dbname: (.+)$", re.MULTILINE)
DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
COPY = re.compile(r'COPY (?:\S{1,260}\.)?"?(.{1,260}?)"? \(')
"""A name has at most 63 characters, but a quoted name can have two bytes of a quote for each. The
limits keep a hostile line from costing minutes."""
END_OF_ROWS = "\\."
HEAD_LINES = 50
"""Lines in which a dump names itself. Messages of a program may precede the dump."""
POSTGRESQL_HEAD = "-- PostgreSQL database dump"
CLUSTER_HEAD = "-- PostgreSQL database cluster dump"
POSTGRESQL_END = "-- PostgreSQL database dump complete"
STARTED = "-- Started on "
MYSQL_END = "-- Dump completed"
MYSQL_END_WITHOUT_COMMENTS = "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;"
CONNECT = re.compile(r"\\connect (?:-reuse-previous=\w+ )?(\S+)")
DROP = re.compile(r"DROP (?!SCHEMA public;)(?!.* IF EXISTS )|ALTER TABLE (?!IF EXISTS ).* DROP ")
MYSQL_DATA = re.compile(r"^(?:-- Dumping data for table|INSERT INTO) `(.+?)`")
COPY_INTO = re.compile(r'COPY (?:"?([^".]{1,260})"?\.)?"?(.{1,260}?)"? \((?=[^\n]*\) FROM stdin;)')
INSERT_INTO = re.compile(r'INSERT INTO (?:"?([^".]{1,260})"?\.)?"?([^" (]{1,260})"? ')
MYSQL_NAME = re.compile(r"^-- Host: .*Database: (\S+)")
CLOCK_TOLERANCE = timedelta(days=1)
"""Clocks and time zones of two hosts may differ by this time. A larger difference is real."""


def parse_pg_restore_list(file: str, listing: str, rows: dict[str, int] | Unavailable) -> Backup:
    """Parse the output of ``pg_restore --list``.

    Args:
        file: Name of the dump.
        listing: The whole output. If there is an output, the table of contents is readable.
        rows: Number of rows by table, or why the rows were not counted.
    """
    created, name = CREATED.search(listing), NAME.search(listing)
    return Backup(
        file,
        created[1].strip() if created else "",
        name[1].strip() if name else "",
        tuple(sorted(DATA.findall(listing))),
        bool(created),
        rows,
    )


def count_dump_rows(lines: Iterable[str]) -> dict[str, int]:
    """Count the rows of each table in the output of ``pg_restore --data-only``."""
    counts: dict[str, int] = {}
    table = ""
    for line in lines:
        if table:
            if line.rstrip("\n") == END_OF_ROWS:
                table = ""
            else:
                counts[table] += 1
        elif copy := COPY.match(line):
            table = copy[1]
            counts[table] = 0
    return counts


def parse_sql_dump(file: str, lines: Iterable[str], format_: BackupFormat) -> Backup:
    """Parse SQL statements, by ``pg_dump`` or by ``mysqldump``.

    Args:
        file: Name of the dump.
        lines: Its lines.
        format_: Whether the file is compressed.

    Raises:
        ValueError: The file is a dump of all databases of a server.
    """
    remaining = iter(lines)
    head = list(islice(remaining, HEAD_LINES))
    if any(line.startswith(CLUSTER_HEAD) for line in head):
        raise ValueError("it has all databases of a server: dump the database of Nautobot")
    is_postgresql = any(line.startswith(POSTGRESQL_HEAD) for line in head)
    parse = _parse_pg_dump if is_postgresql else _parse_mysqldump
    return replace(parse(file, chain(head, remaining)), format=format_)


def _parse_pg_dump(file: str, lines: Iterable[str]) -> Backup:
    """Parse the plain output of ``pg_dump``. It contains a time only with ``--verbose``."""
    counts: dict[tuple[str, str], int] = {}
    inserted: set[tuple[str, str]] = set()
    table: tuple[str, str] | None = None
    created, complete = "", False
    lines, preamble, database = _read_preamble(lines)
    for line in lines:
        if table:
            if line.rstrip("\r\n") == END_OF_ROWS:
                table = None
            else:
                counts[table] += 1
        elif copy := COPY_INTO.match(line):
            table, complete = (copy[1] or "", copy[2]), False
            counts.setdefault(table, 0)
        elif insert := INSERT_INTO.match(line):
            inserted.add((insert[1] or "", insert[2]))
            complete = False
        elif line.startswith(POSTGRESQL_END):
            complete = True
        elif line.startswith(STARTED):
            created = line.removeprefix(STARTED).strip()
    schema = _main_schema({*counts, *inserted})
    rows = {name: number for (owner, name), number in counts.items() if owner == schema}
    tables = {*rows, *(name for owner, name in inserted if owner == schema)}
    return Backup(
        file,
        created,
        database,
        tuple(sorted(tables)),
        complete and not table,
        Unavailable("the dump has INSERT statements") if inserted else rows,
        preamble=preamble,
    )


def _read_preamble(lines: Iterable[str]) -> tuple[Iterable[str], Preamble, str]:
    """Read up to the first object that a dump creates.

    Returns:
        All lines of the dump, the kind of its preamble, and the database that it connects to.
    """
    remaining = iter(lines)
    head: list[str] = []
    preamble, database = Preamble.NONE, ""
    for line in remaining:
        head.append(line)
        if connect := CONNECT.match(line):
            preamble, database = Preamble.CONNECT, connect[1].strip('"')
        elif DROP.match(line) and not line.startswith("DROP DATABASE "):
            preamble = Preamble.DROPS
        elif line.startswith(("CREATE ", "COPY ", "INSERT ")) and not line.startswith(
            "CREATE DATABASE "
        ):
            break
    return chain(head, remaining), preamble, database


def _main_schema(tables: Collection[tuple[str, str]]) -> str:
    """Return the schema that has the records of Django's migrations; empty if none has them."""
    return next((schema for schema, name in tables if name == "django_migrations"), "")


def _parse_mysqldump(file: str, lines: Iterable[str]) -> Backup:
    """Parse the output of ``mysqldump``. Rows are not counted, because a line has many rows.

    A dump of the definitions alone has no mark of the data of a table. Without comments, an empty
    table has no mark either.
    """
    tables, name, last = set(), "", ""
    for line in lines:
        if table := MYSQL_DATA.match(line):
            tables.add(table[1])
        elif not name and (header := MYSQL_NAME.match(line)):
            name = header[1]
        last = line.strip() or last
    return Backup(
        file,
        last.removeprefix(f"{MYSQL_END} on ").strip() if last.startswith(MYSQL_END) else "",
        name,
        tuple(sorted(tables)),
        last.startswith((MYSQL_END, MYSQL_END_WITHOUT_COMMENTS)),
        Unavailable("a MySQL dump has many rows on a line"),
    )


@dataclass(frozen=True)
class BackupEvidence:
    """The results of the verification of a backup file."""

    evidence: tuple[str, ...] = ()
    """Evidence that the file is a usable backup."""
    contradictions: tuple[str, ...] = ()
    """Evidence that it is not. A single contradiction makes the file unusable as a backup."""
    unverified: tuple[str, ...] = ()
    """Properties that could not be determined."""


NO_BACKUP = BackupEvidence(unverified=("no file was given",))


def verify_backup(
    backup: Backup,
    baseline: TableFingerprints | Unavailable,
    first_applied: str,
    volatile: Collection[str] = (),
) -> BackupEvidence:
    """Compare a dump with the state that it should restore.

    Args:
        backup: The metadata of the dump.
        baseline: The tables in the previous state.
        first_applied: Time of the first applied migration of the upgrade, ISO 8601 in UTC; empty
            if none was applied or the time is unknown.
        volatile: Tables that lose rows without a user's action.
    """
    evidence, contradictions, unverified = list[str](), list[str](), list[str]()
    if backup.complete:
        evidence.append(f"{backup.file} is readable to its end, {len(backup.tables)} tables")
    else:
        contradictions.append(f"{backup.file} is incomplete: the end of a dump is missing")
    statements = (*_check_age(backup, first_applied), *_check_tables(backup, baseline, volatile))
    for statement, kind in statements:
        {"for": evidence, "against": contradictions, "open": unverified}[kind].append(statement)
    return BackupEvidence(tuple(evidence), tuple(contradictions), tuple(unverified))


def _check_age(backup: Backup, first_applied: str) -> Iterator[tuple[str, str]]:
    if not first_applied:
        return
    created = _parse_timestamp(backup.created)
    if created is None:
        yield f"the time of the backup is not readable: {backup.created or 'empty'}", "open"
        return
    began = datetime.fromisoformat(first_applied)
    in_utc = backup.created.endswith("UTC")
    if created > began + CLOCK_TOLERANCE or (in_utc and created > began):
        yield (
            f"the backup was created at {backup.created}, but the upgrade began at {first_applied}",
            "against",
        )
    elif created > began:
        yield f"the backup may be newer than the upgrade: created at {backup.created}", "open"
    else:
        yield f"the backup was created at {backup.created}, before the upgrade began", "for"


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
    # A dump with INSERT statements has no trace of the data of an empty table.
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
