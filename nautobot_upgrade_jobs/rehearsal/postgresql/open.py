"""Make a copy harmless, mark it, and only then let others connect to it: in one transaction."""

from __future__ import annotations

import contextlib
from typing import Any

from psycopg2 import sql

from ...facts.rehearsal import EMPTIED_TABLES, MARK_TABLE
from ..copy_server import DISABLED_TABLES, CopyNames
from .server import PostgresqlServer, grant_database

MARK_STATEMENTS = (
    "CREATE TABLE IF NOT EXISTS public.{0} (run text PRIMARY KEY)",
    "DELETE FROM public.{0}",
    "INSERT INTO public.{0} VALUES ({1})",
    "GRANT SELECT ON public.{0} TO PUBLIC",
)


def open_copy(server: PostgresqlServer, names: CopyNames, run: str) -> None:
    """Mark a copy, disable what acts by itself, remove credentials, and allow connections.

    Args:
        server: The server of the copy.
        names: The database, and the role that may connect from now on.
        run: The name of the rehearsal, which the mark contains.
    """
    with contextlib.closing(server.connect(names.database)) as connection:
        connection.autocommit = False
        with connection, connection.cursor() as cursor:
            for statement in MARK_STATEMENTS:
                text = sql.SQL(statement).format(sql.Identifier(MARK_TABLE), sql.Literal(run))
                cursor.execute(text)
            _neutralize(cursor)
            grant_database(cursor, names)


def _neutralize(cursor: Any) -> None:
    """Disable and empty the tables that this release has."""
    cursor.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND c.relname = ANY(%s)",
        [[*DISABLED_TABLES, *EMPTIED_TABLES]],
    )
    for schema, table in cursor.fetchall():
        statement = "DELETE FROM {}"
        if table in DISABLED_TABLES:
            statement = "UPDATE {} SET enabled = false WHERE enabled"
        cursor.execute(sql.SQL(statement).format(sql.Identifier(schema, table)))
