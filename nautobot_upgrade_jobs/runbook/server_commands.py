"""How a shell reaches the database server, with the server's own programs."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from ..facts import Database

# Without what only a server administrator may read, or another server may not accept.
# "loose": MariaDB's client, which may well be the one that is installed, knows no such option.
FOR_ANYBODY = "--single-transaction --routines --no-tablespaces --loose-set-gtid-purged=OFF"
NOT_ASKED = "The client of MySQL does not ask for a password: it takes it from ~/.my.cnf."


def dump_of(database: Database, stem: str) -> tuple[str, str]:
    """Return the command that dumps the database, and the one that proves it.

    Args:
        database: What to dump.
        stem: Name of the file without its ending.
    """
    name, file = shlex.quote(database.name), f"{stem}.{database.vendor}"
    login = login_of(database)
    if database.vendor == "postgresql":
        dump = f"pg_dump{login} --format=custom --file={file} {name}"
        return dump, f"pg_restore --list {file}"
    dump = f"mysqldump{login} {FOR_ANYBODY} --result-file={file} {name}"
    return dump, f"tail -n 1 {file}"


def trial_of(database: Database) -> str:
    """Return the command that dumps no row to nowhere: what stops it would stop a dump."""
    name, login = shlex.quote(database.name), login_of(database)
    if database.vendor == "postgresql":
        return f"pg_dump{login} --schema-only --file=/dev/null {name}"
    return f"mysqldump{login} {FOR_ANYBODY} --no-data --result-file=/dev/null {name}"


def packed(folder: str, file: str) -> str:
    """Return the command that packs a folder into a file."""
    path = PurePosixPath(folder)
    return f"tar -czf {file} -C {shlex.quote(str(path.parent))} {shlex.quote(path.name)}"


def unpacked(folder: str, file: str) -> str:
    """Return the command that brings a packed folder back to its place."""
    return f"tar -xzf {file} -C {shlex.quote(str(PurePosixPath(folder).parent))}"


def login_of(database: Database) -> str:
    """Return the options by which the server's own commands reach it."""
    where = {"host": database.host, "port": database.port}
    if database.vendor == "postgresql":
        return options(**where, username=database.account)
    # The client asks for a password where it is told to, or else takes it from standard input,
    # which may be the dump; so the account's own file has to hold it.
    return options(**where, user=database.account)


def options(**values: str) -> str:
    """Return options of a command; those without a value are left out."""
    return "".join(
        f" --{name.replace('_', '-')}={shlex.quote(one)}" for name, one in values.items() if one
    )
