"""A copy that the operator has made, such as a clone of a volume or of a managed server.

Nothing but a mark distinguishes it from the live database: name, numbers and system identifier are
the same. So the operator marks it, and the rehearsal refuses a database without the mark.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import psycopg2

from ...common.text import plural
from ...facts.rehearsal import MARK_TABLE, Copy
from ...target.isolation import LiveDatabase
from ..copy_server import Expected
from ..errors import RehearsalFailed, describe_error
from .backup import require_installation
from .copies import try_lock
from .named_server import NamedServer
from .source import connect, measure_tables

MARK_QUERY = f"SELECT pg_catalog.to_regclass('public.{MARK_TABLE}') IS NOT NULL"
SESSIONS_QUERY = """
SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()
    AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
"""
FOREIGN_TABLES_QUERY = """
SELECT c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public'
    AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1
"""


class ExistingCopy(NamedServer):
    """A copy that the rehearsal upgrades, and that stays on its server."""

    def __init__(self, folder: Path, programs: Path, place: LiveDatabase) -> None:
        super().__init__(folder, programs, place, place.name)

    def claim(self) -> None:
        """Check the account, and lock the copy.

        Raises:
            RehearsalFailed: Another rehearsal uses it, or the code could do damage.
        """
        self._require_harmless_account(self.names.database)
        if not try_lock(self._session, self.names.database):
            raise RehearsalFailed("another rehearsal uses this copy")

    def accept(self, expected: Expected) -> Copy:
        """Check that the database is a copy of the installation, and describe it.

        Raises:
            RehearsalFailed: It is not marked as a copy, or it is in another state.
        """
        with self._session.cursor() as cursor:
            cursor.execute(MARK_QUERY)
            if not cursor.fetchone()[0]:
                raise RehearsalFailed(
                    "this database is not marked as a copy, so it can be the live one. If it is a "
                    f"copy, run in it: CREATE TABLE public.{MARK_TABLE} (run text PRIMARY KEY)"
                )
            _require_unused(cursor)
            if _is_marked(expected.live):
                raise RehearsalFailed(
                    f"the live database has the table {MARK_TABLE} as well, so the mark does not "
                    "distinguish the copy. Drop this table in the live database"
                )
            cursor.execute(FOREIGN_TABLES_QUERY)
            if foreign := cursor.fetchall():
                raise RehearsalFailed(
                    f"the account {self.names.owner} does not own the table {foreign[0][0]} of "
                    "the copy, so it cannot migrate it"
                )
            cursor.execute("SELECT pg_catalog.has_schema_privilege('public', 'CREATE')")
            if not cursor.fetchone()[0]:
                raise RehearsalFailed(
                    f"the account {self.names.owner} may not create tables in the copy. Grant it "
                    "CREATE ON SCHEMA public"
                )
            require_installation(cursor, expected)
            tables, rows, size = measure_tables(cursor)
        self.open_tunnel()
        return Copy(
            server_version=str(self.major),
            tables=tables,
            rows=rows,
            size_bytes=size,
            seconds=0.0,
            server=self.address,
            exists_before=True,
        )

    def drop_database(self, name: str) -> None:
        """Refuse, because the copy is not ours.

        Raises:
            RehearsalFailed: Always.
        """
        raise RehearsalFailed(
            "a copy that you have made is not replaced by its backup. Rehearse the restore with a "
            "copy that the rehearsal makes"
        )

    def close(self) -> str:
        """Leave the copy on its server."""
        self.leave()
        return ""


def _require_unused(cursor: Any) -> None:
    """Raise an error if others use the database of a cursor, as they use a live one."""
    cursor.execute(SESSIONS_QUERY)
    if others := cursor.fetchone()[0]:
        raise RehearsalFailed(
            f"{plural(others, 'other session')} used this database, so it can be the live one. End "
            "the sessions if it is a copy"
        )


def _is_marked(live: LiveDatabase) -> bool:
    """Return whether the live database has our mark.

    Raises:
        RehearsalFailed: It cannot be read, so nothing shows that the copy is another database.
    """
    try:
        with contextlib.closing(connect(live, 30)) as connection, connection.cursor() as cursor:
            cursor.execute(MARK_QUERY)
            return bool(cursor.fetchone()[0])
    except psycopg2.Error as error:
        raise RehearsalFailed(
            f"the live database cannot be read, so the copy can be it: {describe_error(error)}"
        ) from None
