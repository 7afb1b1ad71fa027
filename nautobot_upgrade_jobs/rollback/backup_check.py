"""Is a file a backup? What a dump says of itself, beside what it is to bring back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..facts import TableFingerprints, Unavailable
from ..facts.backup_file import Backup
from ..facts.fingerprints import TableFingerprint

CREATED = re.compile(r"^; Archive created at (.+)$", re.MULTILINE)
NAME = re.compile(r"^;\s+dbname: (.+)$", re.MULTILINE)
DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
COPY = re.compile(r'COPY (?:\S+\.)?"?(.+?)"? \(')
END_OF_ROWS = "\\."
MYSQL_END = "-- Dump completed"
MYSQL_TABLE = re.compile(r"^CREATE TABLE `(.+)` \($")
MYSQL_NAME = re.compile(r"^-- Host: .*Database: (\S+)")
A_DAY = timedelta(days=1)
"""Clocks and time zones of two hosts may differ by as much; beyond that it is another day's."""


def of_listing(file: str, listing: str, rows: dict[str, int] | Unavailable) -> Backup:
    """Read what ``pg_restore --list`` prints.

    Args:
        file: Name of the dump.
        listing: The whole output; that it ends at all proves that the table of contents reads.
        rows: Rows of each table, or why nobody counted them.
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


def rows_of(lines: Iterable[str]) -> dict[str, int]:
    """Count the rows of each table in the text that ``pg_restore --data-only`` writes."""
    found: dict[str, int] = {}
    table = ""
    for line in lines:
        if table:
            if line.rstrip("\n") == END_OF_ROWS:
                table = ""
            else:
                found[table] += 1
        elif started := COPY.match(line):
            table = started[1]
            found[table] = 0
    return found


def of_statements(file: str, lines: Iterable[str]) -> Backup:
    """Read what ``mysqldump`` writes; its rows stand many on a line, and are not counted."""
    tables, name, last = [], "", ""
    for line in lines:
        if made := MYSQL_TABLE.match(line):
            tables.append(made[1])
        elif not name and (stated := MYSQL_NAME.match(line)):
            name = stated[1]
        last = line.strip() or last
    return Backup(
        file,
        last.removeprefix(f"{MYSQL_END} on ").strip() if last.startswith(MYSQL_END) else "",
        name,
        tuple(sorted(tables)),
        last.startswith(MYSQL_END),
        Unavailable("a dump of MySQL has many rows on a line"),
    )


@dataclass(frozen=True)
class Proof:
    """What speaks for a file, and what against it."""

    evidence: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    """Any of them, and it is no way back."""
    open: tuple[str, ...] = ()
    """What nobody could find out."""


NO_BACKUP = Proof(open=("no file was named",))


def prove(
    backup: Backup,
    then: TableFingerprints | Unavailable,
    first_applied: str,
    volatile: Collection[str] = (),
) -> Proof:
    """Set a dump beside the state that it is to bring back.

    Args:
        backup: What it says of itself.
        then: The tables in the state to go back to.
        first_applied: When the first migration of the upgrade was applied, ISO 8601 in UTC; empty
            if none was, or nobody knows.
        volatile: Tables that lose rows without anybody's doing.
    """
    evidence, objections, unknown = list[str](), list[str](), list[str]()
    if backup.complete:
        evidence.append(f"{backup.file} reads to its end, {len(backup.tables)} tables")
    else:
        objections.append(f"{backup.file} is no whole dump: it does not end as one")
    for found, kind in (*_of_age(backup, first_applied), *_of_tables(backup, then, volatile)):
        {"for": evidence, "against": objections, "open": unknown}[kind].append(found)
    return Proof(tuple(evidence), tuple(objections), tuple(unknown))


def _of_age(backup: Backup, first_applied: str) -> Iterator[tuple[str, str]]:
    if not first_applied:
        return
    made = _moment(backup.created)
    if made is None:
        yield f"when it was made is not told: {backup.created or 'nothing'}", "open"
        return
    began = datetime.fromisoformat(first_applied)
    if made > began + A_DAY or (backup.created.endswith("UTC") and made > began):
        yield f"it was made at {backup.created}, the upgrade began at {first_applied}", "against"
    elif made > began:
        yield f"it may be younger than the upgrade: {backup.created} of its own clock", "open"
    else:
        yield f"it was made at {backup.created}, before the upgrade began", "for"


def _moment(text: str) -> datetime | None:
    """Read the time of a dump, which is of a clock of its own, as if that were UTC."""
    try:
        return datetime.strptime(f"{' '.join(text.split()[:2])} +0000", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _of_tables(
    backup: Backup, then: TableFingerprints | Unavailable, volatile: Collection[str]
) -> Iterator[tuple[str, str]]:
    if isinstance(then, Unavailable):
        yield f"whether it holds all tables and rows: {then.reason}", "open"
        return
    missing = sorted(set(then.tables) - set(backup.tables))
    if missing:
        yield f"it has no rows of {len(missing)} tables, such as {missing[0]}", "against"
    if isinstance(backup.rows, Unavailable):
        yield f"how many rows it holds: {backup.rows.reason}", "open"
        return
    known = {
        name: one.rows for name, one in then.tables.items() if isinstance(one, TableFingerprint)
    }
    # It is younger than the snapshot, as a rule: what was added in between is no fault.
    fewer = sorted(
        name
        for name in (known.keys() & backup.rows.keys()) - set(volatile)
        if backup.rows[name] < known[name]
    )
    for name in fewer:
        yield f"{name}: {backup.rows[name]} rows, the snapshot has {known[name]}", "against"
    if not fewer and not missing:
        yield f"none of {len(then.tables)} tables has fewer rows than in the snapshot", "for"
