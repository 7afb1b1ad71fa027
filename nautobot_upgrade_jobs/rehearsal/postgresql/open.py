"""Make a copy harmless, mark it, and only then let others connect to it: in one transaction."""

from __future__ import annotations

import contextlib
from typing import Any

from psycopg2 import sql

from ...facts.rehearsal import EMPTIED_TABLES, MARK_TABLE
from ..copy_server import DISABLED_TABLES
from .server import PostgresqlServer, grant_database


def open_copy(server: PostgresqlServer, name: str, owner: str, run: str) -> None:
    """Mark a copy, disable what acts by itself, remove credentials, and allow connections.

    Args:
        server: The server of the copy.
        name: The database.
        owner: The role that may connect from now on.
        run: The name of the rehearsal, which the mark contains.
    """
    with contextlib.closing(server.connect(name)) as connection:
        connection.autocommit = False
        with connection, connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE TABLE public.{} (run text PRIMARY KEY)").format(
                    sql.Identifier(MARK_TABLE)
                )
            )
            cursor.execute(
                sql.SQL("INSERT INTO public.{} VALUES (%s)").format(sql.Identifier(MARK_TABLE)),
                [run],
            )
            cursor.execute(
                sql.SQL("GRANT SELECT ON public.{} TO PUBLIC").format(sql.Identifier(MARK_TABLE))
            )
            _neutralize(cursor)
            grant_database(cursor, name, owner)


def _neutralize(cursor: Any) -> None:
    """Disable and empty the tables that this release has."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)",
        [[*DISABLED_TABLES, *EMPTIED_TABLES]],
    )
    for (table,) in cursor.fetchall():
        statement = "DELETE FROM {}"
        if table in DISABLED_TABLES:
            statement = "UPDATE {} SET enabled = false WHERE enabled"
        cursor.execute(sql.SQL(statement).format(sql.Identifier(table)))
