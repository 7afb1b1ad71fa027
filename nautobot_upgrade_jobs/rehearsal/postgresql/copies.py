"""Which databases of a server are copies of rehearsals, and whether their runs have ended.

A copy has a name and a comment of its own, and its run holds a lock. Nothing else is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from psycopg2 import sql

PREFIX = "nautobot_rehearsal_"
NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
MARK = "Copy of an upgrade rehearsal of Nautobot. It is dropped when its run has ended."
LOCK_SPACE = 1_853_188_178
"""The first number of our advisory locks, so that those of others have another one."""
DATABASES_QUERY = """
SELECT datname, pg_catalog.shobj_description(oid, 'pg_database'), datallowconn
FROM pg_catalog.pg_database WHERE pg_catalog.pg_has_role(datdba, 'MEMBER') ORDER BY datname
"""
LOCK_QUERY = "SELECT pg_catalog.pg_try_advisory_lock(%s, pg_catalog.hashtext(%s))"
UNLOCK_QUERY = "SELECT pg_catalog.pg_advisory_unlock(%s, pg_catalog.hashtext(%s))"
OTHER_LOCKS_QUERY = """
SELECT EXISTS (SELECT FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
    AND objid = (pg_catalog.hashtext(%s)::bigint & 4294967295)::oid
    AND pid <> pg_catalog.pg_backend_pid())
"""
"""A lock belongs to the database in which it was taken, and another run can log in to another one.
"""


def name_copy(run: str) -> str:
    """Return the name of the copy of a rehearsal."""
    return f"{PREFIX}{run}"


def is_copy(name: str, comment: str | None, allows_connections: bool) -> bool:
    """Return whether a database is the copy of a rehearsal, or the beginning of one."""
    is_begun = comment is None and not allows_connections
    return (comment == MARK or is_begun) and NAME.fullmatch(name) is not None


def drop_dead_copies(session: Any) -> list[str]:
    """Drop the databases that have our mark, and whose run does not hold its lock.

    Args:
        session: A session on the server, in autocommit mode.

    Returns:
        Their names.

    Raises:
        psycopg2.Error: The server refuses it.
    """
    with session.cursor() as cursor:
        cursor.execute(DATABASES_QUERY)
        copies = [row[0] for row in cursor.fetchall() if is_copy(*row)]
    return list(_drop_if_dead(session, copies))


def _drop_if_dead(session: Any, names: list[str]) -> Iterator[str]:
    for name in names:
        if not try_lock(session, name):
            continue
        with session.cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            cursor.execute(UNLOCK_QUERY, [LOCK_SPACE, name])
        yield name


def try_lock(session: Any, name: str) -> bool:
    """Return whether this session, and no other one, holds the lock of a copy from now on.

    Args:
        session: A session on its server, in autocommit mode.
        name: The database.

    Raises:
        psycopg2.Error: The server refuses it.
    """
    with session.cursor() as cursor:
        cursor.execute(LOCK_QUERY, [LOCK_SPACE, name])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(OTHER_LOCKS_QUERY, [LOCK_SPACE, name])
        if not cursor.fetchone()[0]:
            return True
        cursor.execute(UNLOCK_QUERY, [LOCK_SPACE, name])
    return False
