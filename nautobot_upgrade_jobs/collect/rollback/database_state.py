"""Identify a database and its state, so that a rollback script refuses any other database.

The plan stores one line that identifies both. The script computes the line again, and stops if the
lines differ.
"""

from __future__ import annotations

import hashlib

from django.db import Error as DatabaseError

from ..context import Context
from ..db.sql import fetch_rows, fetch_value


def migration_fingerprint(context: Context) -> str:
    """Return one line with the database and its applied migrations."""
    connection = context.connection
    settings = connection.settings_dict
    address = (connection.vendor, settings["HOST"], settings["PORT"], settings["NAME"])
    applied = sorted(fetch_rows(connection, "SELECT app, name FROM django_migrations"))
    digest = hashlib.sha256(repr([tuple(row) for row in applied]).encode()).hexdigest()
    return f"{' '.join(filter(None, map(str, address)))}: {digest[:16]}"


def database_fingerprint(context: Context) -> str:
    """Return the migration fingerprint with the number of changes.

    The number of changes is the number of entries in the change log. If it differs, data was
    written after the plan was made. The plan does not announce the loss of this data.
    """
    fingerprint = migration_fingerprint(context)
    try:
        changes = fetch_value(context.connection, "SELECT count(*) FROM extras_objectchange")
    except DatabaseError:
        changes = "no"
    return f"{fingerprint}, {changes} changes"
