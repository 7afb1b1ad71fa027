"""Collect facts about the database server and the role that runs migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from ..facts import Database
from .context import Context, attempt
from .db import mysql, postgresql, session_settings

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def collect(context: Context) -> Database:
    """Query the server's version and state, and the privileges of the migrating role."""
    connection = context.connection
    server = postgresql if connection.vendor == "postgresql" else mysql
    role = _migrating_role(connection, server.current_role(connection))
    configured = settings.DATABASES[DEFAULT_DB_ALIAS]
    owned = set(connection.introspection.django_table_names(include_views=False))
    return Database(
        vendor=_detect_vendor(connection),
        version=server.version(connection),
        name=str(connection.settings_dict["NAME"]),
        role=role,
        size_bytes=attempt(lambda: server.size_bytes(connection)),
        encoding=attempt(lambda: server.encoding(connection)),
        collation=attempt(lambda: server.collation(connection)),
        collations_in_use=attempt(lambda: server.collations_in_use(connection)),
        can_create_tables=attempt(lambda: server.can_create_tables(connection, role)),
        schema=attempt(lambda: server.schema(connection)),
        creation_schema=attempt(lambda: server.creation_schema(connection)),
        tables_not_owned=attempt(
            lambda: tuple(
                name for name in server.tables_not_owned(connection, role) if name in owned
            )
        ),
        sequences=attempt(lambda: server.sequences(connection)),
        transactions=attempt(lambda: server.transactions(connection)),
        event_triggers=attempt(lambda: server.event_triggers(connection)),
        disabled_triggers=attempt(lambda: server.disabled_triggers(connection)),
        system_id=attempt(lambda: server.system_id(connection)),
        replica_lag_seconds=attempt(lambda: server.replica_lag_seconds(connection)),
        session_settings=attempt(lambda: session_settings.collect(connection, configured)),
        **{
            name: str(configured.get(setting) or "")
            for name, setting in (("host", "HOST"), ("port", "PORT"), ("account", "USER"))
        },
    )


def _migrating_role(connection: BaseDatabaseWrapper, session_role: str) -> str:
    """Return the role that runs ``migrate``. It may differ from the role of this session.

    The option ``assume_role`` in DATABASES can change the role after login. If this session logged
    in with the account of ``migrate``, it already has that role.
    """
    configured: dict[str, Any] = settings.DATABASES[DEFAULT_DB_ALIAS]
    account = configured.get("USER") or session_role
    if connection.settings_dict.get("USER") in (account, ""):
        return session_role
    return str(configured.get("OPTIONS", {}).get("assume_role") or account)


def _detect_vendor(connection: BaseDatabaseWrapper) -> str:
    return "mariadb" if getattr(connection, "mysql_is_mariadb", False) else connection.vendor
