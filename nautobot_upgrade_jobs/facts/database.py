"""The database server, and what the migrating role may do in it."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Unavailable


@dataclass(frozen=True)
class IdSequence:
    """A numbered primary key: its sequence, beside the highest value that it already holds."""

    table: str
    column: str
    name: str
    """As SQL names it, quoted where needed; empty if nothing numbers the column."""
    last_value: int
    max_id: int


@dataclass(frozen=True)
class Transaction:
    """An open transaction of another session."""

    pid: int
    application: str
    state: str
    age_seconds: int


@dataclass(frozen=True)
class Database:
    """Server, role and state of the database that Nautobot lives in."""

    vendor: str
    """``postgresql``, ``mysql`` or ``mariadb``."""
    version: str
    """Dotted server version, such as ``14.11`` or ``8.0.36``."""
    name: str
    role: str
    """The role that Nautobot itself connects and migrates with."""
    size_bytes: int | Unavailable
    encoding: str | Unavailable
    """Server encoding on PostgreSQL (``UTF8``), default character set on MySQL (``utf8mb4``)."""
    collation: str | Unavailable
    collations_in_use: dict[str, int] | Unavailable
    """Number of tables by collation; MySQL only, empty on PostgreSQL."""
    can_create_tables: bool | Unavailable
    """The role may create tables where Nautobot's tables are."""
    schema: str | Unavailable
    """PostgreSQL: the schema that holds Nautobot's tables; MySQL: the database."""
    tables_not_owned: tuple[str, ...] | Unavailable
    """Tables the role neither owns nor inherits the ownership of: ALTER TABLE would be refused."""
    views: tuple[str, ...] | Unavailable
    """Views that read Nautobot's tables, and which table."""
    sequences: tuple[IdSequence, ...] | Unavailable
    transactions: tuple[Transaction, ...] | Unavailable
    """Open transactions of other sessions in this database, older than a minute."""
    host: str = ""
    """Where Nautobot's configuration says that the server is; empty for a local socket."""
    port: str = ""
    account: str = ""
    """What the configuration logs in as; the role may be another, assumed after that."""
