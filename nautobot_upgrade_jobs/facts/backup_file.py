"""A backup file of the database and its contents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .base import TextEnum, Unavailable


class BackupFormat(TextEnum):
    """Formats of a dump, which decide how it is restored."""

    ARCHIVE = "archive"
    """The input of ``pg_restore``: a file or a folder in the custom, tar or directory format."""
    SQL = "sql"
    """SQL statements, by ``pg_dump`` or ``mysqldump``."""
    COMPRESSED_SQL = "compressed sql"
    """SQL statements, compressed with ``gzip``."""


class Preamble(TextEnum):
    """Statements at the beginning of an SQL dump that fail in a new, empty database."""

    NONE = "none"
    CONNECT = "connect"
    """``pg_dump --create``: the dump creates a database and connects to it."""
    DROPS = "drops"
    """``pg_dump --clean``: the dump drops the objects that it creates."""
    SCHEMA = "schema"
    """``pg_dump --schema``: the dump creates the schema ``public``."""


@dataclass(frozen=True)
class Backup:
    """The metadata of a dump."""

    file: str
    created: str
    """Start of the dump as printed in the file, such as ``2026-11-22 08:40:00 UTC``.

    It is the local time of the host that made the dump. ``pg_restore`` prints its own time zone."""
    database: str
    """Name of the dumped database. Empty if the file does not contain the name."""
    tables: tuple[str, ...]
    """Tables whose rows the file contains."""
    complete: bool
    """Whether the end of the file shows that the dump is complete."""
    rows: dict[str, int] | Unavailable
    """Number of rows by table."""
    format: BackupFormat = BackupFormat.ARCHIVE
    preamble: Preamble = Preamble.NONE
    definitions: tuple[str, ...] = ()
    """Tables that the file creates."""
    keys: tuple[str, ...] = ()
    """Tables that get a primary key."""
    migrations: tuple[str, ...] = ()
    """Migrations that are recorded in the rows. Empty if the rows could not be read."""
    newest_change: datetime | None = None
    """Time of the newest change in the rows, in UTC. None if no time could be read."""
    writes_to: str = ""
    """Database that the statements select themselves. Empty if they select none."""
