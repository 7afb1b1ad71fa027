"""The database server and the role, asked in the server's own dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from ..facts import Database
from . import Context, attempt, mysql, postgresql

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def collect(context: Context) -> Database:
    """Ask the server for its version and state, and for the rights of the migrating role."""
    connection = context.connection
    configured: dict[str, Any] = settings.DATABASES[DEFAULT_DB_ALIAS]
    server = postgresql if connection.vendor == "postgresql" else mysql
    role = configured.get("USER") or server.current_role(connection)
    return Database(
        vendor=_vendor(connection),
        version=server.version(connection),
        name=str(connection.settings_dict["NAME"]),
        role=role,
        size_bytes=attempt(lambda: server.size_bytes(connection)),
        encoding=attempt(lambda: server.encoding(connection)),
        collation=attempt(lambda: server.collation(connection)),
        collations_in_use=attempt(lambda: server.collations_in_use(connection)),
        may_create=attempt(lambda: server.may_create(connection, role)),
        tables_of_others=attempt(lambda: server.tables_of_others(connection, role)),
        sequences=attempt(lambda: server.sequences(connection)),
        transactions=attempt(lambda: server.transactions(connection)),
    )


def _vendor(connection: BaseDatabaseWrapper) -> str:
    return "mariadb" if getattr(connection, "mysql_is_mariadb", False) else connection.vendor
