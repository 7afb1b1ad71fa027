"""The database server and the privileges of the migrating role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .base import Unavailable

SettingSource = Literal["options", "role in database", "role", "database", "server"]
"""Where a setting of new sessions is defined. ``options`` is the entry of ``DATABASES``."""
IN_RECOVERY = "in_recovery"
"""Not a setting: the server is a standby, on which every session is read-only."""
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True)
class IdSequence:
    """The sequence of a numeric primary key, and the highest key in use."""

    table: str
    column: str
    name: str
    """SQL name, quoted if necessary. Empty if the column has no sequence."""
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
class EventTrigger:
    """A trigger that runs when the schema changes."""

    name: str
    event: str
    function: str

    def __str__(self) -> str:
        """Return the name, with the event and the function."""
        return f"{self.name} ({self.event}, {self.function})"


@dataclass(frozen=True)
class SessionSetting:
    """A setting of the server that each new session of Nautobot's account has."""

    name: str
    value: str | Unavailable
    """The text at its source, such as ``5s``. A number without a unit is in ``unit``."""
    source: SettingSource
    unit: str = "ms"

    @property
    def milliseconds(self) -> float | None:
        """Return the value of a time limit. None if it has no time or an unknown unit."""
        text = "" if isinstance(self.value, Unavailable) else self.value
        parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
        factor = MILLISECONDS.get(parts[2] or self.unit) if parts else None
        return float(parts[1]) * factor if parts and factor else None


@dataclass(frozen=True)
class Database:
    """Server, role and state of Nautobot's database."""

    vendor: str
    """``postgresql``, ``mysql`` or ``mariadb``."""
    version: str
    """Dotted server version, such as ``14.11`` or ``8.0.36``."""
    name: str
    role: str
    """The role that Nautobot uses to connect and migrate."""
    size_bytes: int | Unavailable
    encoding: str | Unavailable
    """Server encoding on PostgreSQL (``UTF8``), default character set on MySQL (``utf8mb4``)."""
    collation: str | Unavailable
    collations_in_use: dict[str, int] | Unavailable
    """Number of tables by collation; MySQL only, empty on PostgreSQL."""
    can_create_tables: bool | Unavailable
    """Whether the role may create tables in the schema of Nautobot's tables."""
    schema: str | Unavailable
    """PostgreSQL: the schema that holds Nautobot's tables; MySQL: the database."""
    creation_schema: str | Unavailable
    """The schema in which the server creates new tables."""
    tables_not_owned: tuple[str, ...] | Unavailable
    """Tables whose owner is neither the role nor a role that it is a member of.

    ALTER TABLE fails on these tables."""
    sequences: tuple[IdSequence, ...] | Unavailable
    transactions: tuple[Transaction, ...] | Unavailable
    """Open transactions of other sessions in this database that are older than a minute."""
    event_triggers: tuple[EventTrigger, ...] | Unavailable = ()
    """Enabled triggers that run when the schema changes."""
    disabled_triggers: tuple[str, ...] | Unavailable = ()
    """Tables with disabled triggers of foreign keys. The server does not enforce these keys."""
    session_settings: tuple[SessionSetting, ...] | Unavailable = ()
    """Settings of new sessions that can stop ``migrate``, or that hide invalid references."""
    host: str = ""
    """Configured host of the server. Empty for a local socket."""
    port: str = ""
    system_id: str | Unavailable = ""
    """Identifier of the PostgreSQL cluster, which physical backups record. Empty on MySQL."""
    replica_lag_seconds: float | Unavailable | None = None
    """By how much the rows that were read are older than now. None if the primary was read."""
    account: str = ""
    """Configured login name. It differs from the role if the session assumes a role after login."""
