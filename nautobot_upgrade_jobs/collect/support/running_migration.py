"""Recognize a migration that runs while facts are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...facts import Migrations
from ..db import fingerprints_mysql, fingerprints_postgresql
from ..db.sql import list_recorded_migrations

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

WAIT = "Wait until it has ended, and run this again"


def find_running_migration(connection: BaseDatabaseWrapper, before: Migrations) -> str:
    """Return why the facts may be of two states of the schema. Empty if there is no sign of it.

    Args:
        connection: The session of the collection, at its end.
        before: The migrations, as they were collected.
    """
    recorded = list_recorded_migrations(connection)
    if recorded != before.recorded:
        changed = sorted({*recorded} ^ {*before.recorded}) or ["their order"]
        return f"a migration ran during this run ({changed[0]}). {WAIT}"
    dialect = fingerprints_postgresql if connection.vendor == "postgresql" else fingerprints_mysql
    if sessions := dialect.find_ddl_sessions(connection):
        return f"a migration seems to be running: {sessions[0]} changes the schema. {WAIT}"
    return ""
