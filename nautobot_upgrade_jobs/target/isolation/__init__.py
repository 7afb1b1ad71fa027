"""Isolate a process that runs the code of Apps from the live installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

POSTGRESQL_PORT = 5432
"""Of the relay. It is only a part of the name of the socket."""
SOCKET_NAMES = {"postgresql": f".s.PGSQL.{POSTGRESQL_PORT}", "mysql": "mysqld.sock"}
"""The socket of the relay, by the vendor of the database. The client library of PostgreSQL looks
for this name in a folder."""


@dataclass(frozen=True)
class LiveDatabase:
    """The database that a relay connects to."""

    vendor: str
    """As Django names it."""
    parameters: Mapping[str, Any] = field(repr=False)
    """As Django passes them to the client library, with the password."""

    @property
    def name(self) -> str:
        """The name of the database."""
        return str(self.parameters.get("dbname") or self.parameters["database"])
