"""Read the settings that the server gives to each new session of Nautobot's account.

This App's own session changes some of them, so their current values are of no use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...facts import Unavailable
from ...facts.database import IN_RECOVERY, SessionSetting, SettingSource
from .mysql import has_privilege
from .sql import fetch_rows, fetch_value

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

POSTGRESQL_SETTINGS = (
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "session_replication_role",
    "statement_timeout",
    "transaction_timeout",
)
MYSQL_SETTINGS = {
    "foreign_key_checks": "",
    "innodb_lock_wait_timeout": "s",
    "lock_wait_timeout": "s",
    "max_execution_time": "ms",
    "read_only": "",
    "super_read_only": "",
    "transaction_read_only": "",
    "wait_timeout": "s",
}
"""Their units."""
ADMINISTRATOR_PRIVILEGES = ("SUPER", "CONNECTION_ADMIN")
"""An account with one of them may write while ``read_only`` is set."""
CONNECTION_OPTION = re.compile(r"(?:^|\s)(?:-c\s*|--)([\w.-]+)=(\S*)")
"""In the entry ``options`` of PostgreSQL, such as ``-c statement_timeout=5s``."""
INITIAL_ASSIGNMENT = re.compile(r"\b(\w+)\s*:?=\s*'?(\w+)")
"""In the entry ``init_command`` of MySQL, such as ``SET SESSION wait_timeout = 60``."""


def collect(
    connection: BaseDatabaseWrapper, configured: Mapping[str, Any]
) -> tuple[SessionSetting, ...]:
    """Return the settings that can stop ``migrate``, or that hide invalid references.

    Args:
        connection: This App's session. It may belong to another account.
        configured: The entry of ``DATABASES`` with which Nautobot connects.
    """
    collector = _collect_postgresql if connection.vendor == "postgresql" else _collect_mysql
    return tuple(collector(connection, configured))


def _collect_postgresql(
    connection: BaseDatabaseWrapper, configured: Mapping[str, Any]
) -> Iterator[SessionSetting]:
    own_account = str(fetch_value(connection, "SELECT session_user"))
    known = _stored_settings(connection, str(configured.get("USER") or own_account))
    known |= {name: (value, "options") for name, value in _connection_options(configured).items()}
    is_elsewhere = any(
        str(connection.settings_dict.get(name) or "") != str(configured.get(name) or "")
        for name in ("HOST", "PORT")
    )
    # Migrations do not run on a replica that only this App reads.
    if not is_elsewhere and fetch_value(connection, "SELECT pg_is_in_recovery()"):
        known[IN_RECOVERY] = ("on", "server")
    hidden = {*_stored_settings(connection, own_account)}
    hidden |= {*_connection_options(connection.settings_dict)}
    of_session = fetch_rows(
        connection,
        "SELECT name, reset_val FROM pg_settings WHERE name = ANY(%s)",
        [list(POSTGRESQL_SETTINGS)],
    )
    for name, value in of_session:
        if name in known:
            continue
        known[name] = (value if name not in hidden else _hide(name, own_account), "server")
    for name in sorted(known):
        yield SessionSetting(name, *known[name])


def _hide(name: str, account: str) -> Unavailable:
    return Unavailable(
        f"the session of {account} has a {name} of its own, which hides that of the server: "
        f'ALTER ROLE "{account}" RESET {name}'
    )


def _stored_settings(
    connection: BaseDatabaseWrapper, account: str
) -> dict[str, tuple[str | Unavailable, SettingSource]]:
    """Return the settings that ALTER ROLE and ALTER DATABASE stored for an account.

    The most specific one applies, so it comes last.
    """
    rows = fetch_rows(
        connection,
        "SELECT s.setting, d.setrole <> 0, d.setdatabase <> 0 FROM pg_db_role_setting d "
        "CROSS JOIN LATERAL unnest(d.setconfig) AS s (setting) WHERE d.setdatabase IN "
        "(0, (SELECT oid FROM pg_database WHERE datname = current_database())) "
        "AND d.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = %s)) "
        "ORDER BY d.setrole <> 0, d.setdatabase <> 0",
        [account],
    )
    found: dict[str, tuple[str | Unavailable, SettingSource]] = {}
    for setting, is_of_role, is_of_database in rows:
        name, _, value = setting.partition("=")
        if name in POSTGRESQL_SETTINGS:
            found[name] = (value, _name_source(is_of_role, is_of_database))
    return found


def _name_source(is_of_role: bool, is_of_database: bool) -> SettingSource:
    if is_of_role:
        return "role in database" if is_of_database else "role"
    return "database" if is_of_database else "server"


def _connection_options(configured: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of PostgreSQL in an entry of ``DATABASES``."""
    options = str(configured.get("OPTIONS", {}).get("options") or "")
    pairs = CONNECTION_OPTION.findall(options)
    named = {name.replace("-", "_").lower(): value for name, value in pairs}
    return {name: value for name, value in named.items() if name in POSTGRESQL_SETTINGS}


def _collect_mysql(
    connection: BaseDatabaseWrapper, configured: Mapping[str, Any]
) -> Iterator[SessionSetting]:
    initial = str(configured.get("OPTIONS", {}).get("init_command") or "")
    assigned = {name.lower(): value for name, value in INITIAL_ASSIGNMENT.findall(initial)}
    may_write = any(has_privilege(connection, name) for name in ADMINISTRATOR_PRIVILEGES)
    rows = fetch_rows(
        connection,
        "SELECT variable_name, variable_value FROM performance_schema.global_variables "
        "WHERE variable_name IN %s ORDER BY variable_name",
        [tuple(MYSQL_SETTINGS)],
    )
    for name, value in rows:
        if name == "read_only" and may_write:
            continue
        source: SettingSource = "options" if name in assigned else "server"
        yield SessionSetting(name, assigned.get(name, value), source, MYSQL_SETTINGS[name])
