"""Read what a dump of PostgreSQL or MySQL says about its contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice

from ..facts import Unavailable
from ..facts.backup_file import Backup, BackupFormat, Preamble
from .dump_times import CHANGE_LOG, NewestChange, time_columns

HEAD_LINES = 50
"""Lines in which a dump names itself. Messages of a program may precede the dump."""
NAME = (
    r'(?:"?(?P<schema>[^". ]{1,260})"?\.)?'
    r'(?:"(?P<quoted>[^"]{1,260})"|(?P<plain>[^" (\n]{1,260}))'
)
"""A name has at most 63 characters, but a quoted name can have two bytes of a quote for each. The
limits keep a hostile line from costing minutes."""
COPY_INTO = re.compile(rf"COPY {NAME} \((?P<columns>[^)\n]*)\) FROM stdin;")
INSERT_INTO = re.compile(rf"INSERT INTO {NAME} ")
CREATE_TABLE = re.compile(rf"CREATE (?:UNLOGGED )?TABLE {NAME} \(")
ALTER_TABLE = re.compile(rf"ALTER TABLE ONLY {NAME}$")
PRIMARY_KEY = re.compile(r" {4}ADD CONSTRAINT (?:[^\n]{1,260}?) PRIMARY KEY \(")
MIGRATION_VALUES = re.compile(r"\(\d+, ?'(?P<app>[^']{1,255})', ?'(?P<name>[^']{1,255})'")
MIGRATIONS_TABLE = "django_migrations"
END_OF_ROWS = "\\."
POSTGRESQL_HEAD = "-- PostgreSQL database dump"
CLUSTER_HEAD = "-- PostgreSQL database cluster dump"
POSTGRESQL_END = "-- PostgreSQL database dump complete"
STARTED = "-- Started on "
CONNECT = re.compile(r"\\connect (?:-reuse-previous=\w+ )?(\S+)")
DROP = re.compile(r"DROP (?!SCHEMA public;)(?!.* IF EXISTS )|ALTER TABLE (?!IF EXISTS ).* DROP ")
CREATE_PUBLIC = "CREATE SCHEMA public;"
MYSQL_ENDS = ("-- Dump completed", "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;")
"""Without comments, a dump ends with the second statement."""
MYSQL_DATA = re.compile(r"^(?:-- Dumping data for table|INSERT INTO) `(.+?)`")
MYSQL_TABLE = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?`(.+?)`")
MYSQL_NAME = re.compile(r"^-- Host: .*Database: (\S+)")
MYSQL_USE = re.compile(r"^USE `(.+?)`")
CREATED = re.compile(r"^; Archive created at (.+)$", re.MULTILINE)
ARCHIVE_NAME = re.compile(r"^;\s+dbname: (.+)$", re.MULTILINE)
ARCHIVE_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE \S+ (\S+) \S+$", re.MULTILINE)
ARCHIVE_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
ARCHIVE_KEY = re.compile(r"^\d+; \d+ \d+ CONSTRAINT \S+ (\S+) \S+ \S+$", re.MULTILINE)
ARCHIVE_PUBLIC = re.compile(r"^\d+; \d+ \d+ SCHEMA - public ", re.MULTILINE)
INSERTS = Unavailable("the dump has INSERT statements")


@dataclass
class _SqlContents:
    """What SQL statements of PostgreSQL contain, by schema and table."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    inserted: set[tuple[str, str]] = field(default_factory=set)
    definitions: set[tuple[str, str]] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)
    migrations: set[str] = field(default_factory=set)
    created: str = ""
    is_complete: bool = False
    newest: NewestChange = field(default_factory=NewestChange)
    _time_columns: tuple[int, ...] = ()
    _inserts_changes: bool = False
    _table: tuple[str, str] | None = None
    """The table whose rows are read."""
    _columns: tuple[str, ...] = ()
    _altered: tuple[str, str] = ("", "")
    _inserts_migrations: bool = False

    def read(self, lines: Iterable[str]) -> _SqlContents:
        """Read all lines. A value can look like a statement, but it is between others."""
        for line in lines:
            if self._table:
                self._read_row(self._table, line.rstrip("\r\n"))
            else:
                self._read_statement(line)
        self.is_complete = self.is_complete and not self._table
        return self

    def _read_row(self, table: tuple[str, str], row: str) -> None:
        if row == END_OF_ROWS:
            self._table = None
            return
        self.counts[table] += 1
        if self._time_columns:
            self.newest.read_row(row.split("\t"), self._time_columns)
        if table[1] == MIGRATIONS_TABLE:
            values = dict(zip(self._columns, row.split("\t"), strict=False))
            self.migrations.add(f"{values.get('app')}.{values.get('name')}")

    def _read_statement(self, line: str) -> None:
        if copy := COPY_INTO.match(line):
            self._table, self.is_complete = _key(copy), False
            self._columns = tuple(name.strip(' "') for name in copy["columns"].split(","))
            self._time_columns = time_columns(self._table[1], self._columns)
            self.counts.setdefault(self._table, 0)
        elif insert := INSERT_INTO.match(line):
            self.inserted.add(_key(insert))
            self.is_complete = False
            self._inserts_migrations = _key(insert)[1] == MIGRATIONS_TABLE
            self._inserts_changes = _key(insert)[1] == CHANGE_LOG
        elif create := CREATE_TABLE.match(line):
            self.definitions.add(_key(create))
        elif alter := ALTER_TABLE.match(line):
            self._altered = _key(alter)
        elif PRIMARY_KEY.match(line):
            self.keys.add(self._altered)
        elif line.startswith(POSTGRESQL_END):
            self.is_complete = True
        elif line.startswith(STARTED):
            self.created = line.removeprefix(STARTED).strip()
        if self._inserts_migrations:
            self.migrations |= _inserted_migrations(line)
            self._inserts_migrations = not line.rstrip().endswith(";")
        if self._inserts_changes:
            self.newest.read_insert(line)
            self._inserts_changes = not line.rstrip().endswith(";")

    @property
    def main_schema(self) -> str:
        """The schema that has the records of Django's migrations. Empty if none has them."""
        everywhere = {*self.counts, *self.inserted, *self.definitions}
        return next((schema for schema, name in everywhere if name == MIGRATIONS_TABLE), "")

    def in_main_schema(self, tables: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return the names of those tables that are in the main schema."""
        main = self.main_schema
        return tuple(sorted({name for schema, name in tables if schema == main}))


def _key(match: re.Match[str]) -> tuple[str, str]:
    return match["schema"] or "", match["quoted"] or match["plain"]


def _inserted_migrations(line: str) -> set[str]:
    return {f"{found['app']}.{found['name']}" for found in MIGRATION_VALUES.finditer(line)}


@dataclass(frozen=True)
class ArchiveRows:
    """What the rows of an archive contain."""

    counts: dict[str, int] | Unavailable
    """Number of rows by table, or why they were not counted."""
    migrations: tuple[str, ...] = ()
    newest_change: datetime | None = None


def parse_archive(file: str, listing: str, rows: ArchiveRows) -> Backup:
    """Parse the output of ``pg_restore --list``.

    Args:
        file: Name of the dump.
        listing: The whole output. If there is an output, the table of contents is readable.
        rows: What the rows contain.
    """
    created, name = CREATED.search(listing), ARCHIVE_NAME.search(listing)
    return Backup(
        file,
        created[1].strip() if created else "",
        name[1].strip() if name else "",
        tuple(sorted(ARCHIVE_DATA.findall(listing))),
        bool(created),
        rows.counts,
        preamble=Preamble.SCHEMA if ARCHIVE_PUBLIC.search(listing) else Preamble.NONE,
        definitions=tuple(sorted(ARCHIVE_TABLE.findall(listing))),
        keys=tuple(sorted(ARCHIVE_KEY.findall(listing))),
        migrations=rows.migrations,
        newest_change=rows.newest_change,
    )


def read_archive_rows(lines: Iterable[str]) -> ArchiveRows:
    """Read the output of ``pg_restore --data-only``."""
    contents = _SqlContents().read(lines)
    rows = {name: number for (_, name), number in contents.counts.items()}
    return ArchiveRows(
        INSERTS if contents.inserted else rows,
        tuple(sorted(contents.migrations)),
        contents.newest.time,
    )


def parse_sql_dump(file: str, lines: Iterable[str], format_: BackupFormat) -> Backup:
    """Parse SQL statements, by ``pg_dump`` or by ``mysqldump``.

    Args:
        file: Name of the dump.
        lines: Its lines.
        format_: Whether the file is compressed.

    Raises:
        ValueError: The file is a dump of several databases of a server.
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
    lines, preamble, database = _read_preamble(lines)
    contents = _SqlContents().read(lines)
    tables = contents.in_main_schema({*contents.counts, *contents.inserted})
    main = contents.main_schema
    rows = {name: number for (schema, name), number in contents.counts.items() if schema == main}
    return Backup(
        file,
        contents.created,
        database,
        tables,
        contents.is_complete,
        INSERTS if contents.inserted else rows,
        preamble=preamble,
        definitions=contents.in_main_schema(contents.definitions),
        keys=contents.in_main_schema(contents.keys),
        migrations=tuple(sorted(contents.migrations)),
        newest_change=contents.newest.time,
    )


def _read_preamble(lines: Iterable[str]) -> tuple[Iterable[str], Preamble, str]:
    """Read up to the first table that a dump creates or fills.

    Returns:
        All lines of the dump, the kind of its preamble, and the database that it connects to.
    """
    remaining = iter(lines)
    head: list[str] = []
    preamble, database, drops_public = Preamble.NONE, "", False
    for line in remaining:
        head.append(line)
        drops_public |= line.startswith(("DROP SCHEMA public;", "DROP SCHEMA IF EXISTS public;"))
        if connect := CONNECT.match(line):
            preamble, database = Preamble.CONNECT, connect[1].strip('"')
        elif DROP.match(line) and not line.startswith("DROP DATABASE "):
            preamble = Preamble.DROPS
        elif line.startswith(CREATE_PUBLIC) and preamble is Preamble.NONE and not drops_public:
            preamble = Preamble.SCHEMA
        elif line.startswith(("CREATE TABLE ", "COPY ", "INSERT ")):
            break
    return chain(head, remaining), preamble, database


def _parse_mysqldump(file: str, lines: Iterable[str]) -> Backup:
    """Parse the output of ``mysqldump``. Rows are not counted, because a line has many rows.

    A dump of the definitions alone has no mark of the data of a table. Without comments, an empty
    table has no mark either.

    Raises:
        ValueError: The statements are for several databases.
    """
    tables, keys, migrations = set(), set(), set[str]()
    definitions: dict[str, None] = {}
    used: dict[str, None] = {}
    newest = NewestChange()
    name = last = created = ""
    for line in lines:
        if table := MYSQL_DATA.match(line):
            tables.add(table[1])
            migrations |= _inserted_migrations(line) if table[1] == MIGRATIONS_TABLE else set()
            newest.read_insert(line if table[1] == CHANGE_LOG else "")
        elif table := MYSQL_TABLE.match(line):
            definitions[table[1]] = None
        elif line.startswith("  PRIMARY KEY ("):
            keys.add(next(reversed(definitions), ""))
        elif use := MYSQL_USE.match(line):
            used[use[1]] = None
        elif not name and (header := MYSQL_NAME.match(line)):
            name = header[1]
        last = line.strip() or last
    if len(used) > 1:
        raise ValueError(f"it has several databases ({', '.join(used)}): dump Nautobot's alone")
    if last.startswith(MYSQL_ENDS[0]):
        created = last.removeprefix(f"{MYSQL_ENDS[0]} on ").strip()
    return Backup(
        file,
        created,
        next(iter(used), name),
        tuple(sorted(tables)),
        last.startswith(MYSQL_ENDS),
        Unavailable("a MySQL dump has many rows on a line"),
        definitions=tuple(sorted(definitions)),
        keys=tuple(sorted(keys)),
        migrations=tuple(sorted(migrations)),
        writes_to=next(iter(used), ""),
        newest_change=newest.time,
    )
