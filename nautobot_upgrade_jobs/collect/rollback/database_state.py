"""What a script that was planned for this database can tell it by when it is run."""

from __future__ import annotations

import hashlib

from django.db import Error as DatabaseError

from .. import Context
from ..db.sql import fetch_rows, fetch_value


def database_fingerprint(context: Context) -> str:
    """Return one line: where the database is, what has been applied, and what was changed.

    The last of it is the number of entries in the change log: whoever has written since the plan
    was made, would lose it without having been asked.
    """
    connection = context.connection
    settings = connection.settings_dict
    place = (connection.vendor, settings["HOST"], settings["PORT"], settings["NAME"])
    recorded = sorted(fetch_rows(connection, "SELECT app, name FROM django_migrations"))
    digest = hashlib.sha256(repr([tuple(one) for one in recorded]).encode()).hexdigest()
    try:
        changes = fetch_value(connection, "SELECT count(*) FROM extras_objectchange")
    except DatabaseError:
        changes = "no"
    return f"{' '.join(filter(None, map(str, place)))}: {digest[:16]}, {changes} changes"
