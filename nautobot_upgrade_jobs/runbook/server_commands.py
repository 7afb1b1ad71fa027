"""Shell commands for the database server, with the server's own programs."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from ..facts import Database

# The options leave out what only a server administrator may read or what another server may refuse.
# The installed client may be MariaDB's. With "loose" it ignores the option.
MYSQLDUMP_OPTIONS = "--single-transaction --routines --no-tablespaces --loose-set-gtid-purged=OFF"
MYSQL_LOGIN_NOTE = "The MySQL client reads the password from ~/.my.cnf and does not ask for it."


def dump_command(database: Database, stem: str) -> tuple[str, str]:
    """Return the command that dumps the database, and the command that verifies the dump.

    Args:
        database: The database to dump.
        stem: File name without its extension.
    """
    name, file = shlex.quote(database.name), f"{stem}.{database.vendor}"
    login = connection_options(database)
    # Redirected, because the client may run in a container that has another file system.
    if database.vendor == "postgresql":
        dump = f"pg_dump{login} --format=custom {name} > {file}"
        return dump, f"pg_restore --list < {file}"
    dump = f"mysqldump{login} {MYSQLDUMP_OPTIONS} {name} > {file}"
    return dump, f"tail -n 1 {file} | grep 'Dump completed'"


def dump_dry_run(database: Database) -> str:
    """Return a command that dumps the schema to /dev/null, and fails if a dump would fail."""
    name, login = shlex.quote(database.name), connection_options(database)
    if database.vendor == "postgresql":
        return f"pg_dump{login} --schema-only {name} > /dev/null"
    return f"mysqldump{login} {MYSQLDUMP_OPTIONS} --no-data {name} > /dev/null"


def tar_create(folder: str, file: str) -> str:
    """Return the command that archives a folder."""
    path = PurePosixPath(folder)
    return f"tar -czf {file} -C {shlex.quote(str(path.parent))} {shlex.quote(path.name)}"


def tar_extract(folder: str, file: str) -> str:
    """Return the command that extracts an archived folder to its original place."""
    return f"tar -xzf {file} -C {shlex.quote(str(PurePosixPath(folder).parent))}"


def connection_options(database: Database) -> str:
    """Return the connection options of the server's own programs."""
    where = {"host": database.host, "port": database.port}
    if database.vendor == "postgresql":
        return format_options(**where, username=database.account)
    # Without a password in ~/.my.cnf the client would read one from standard input, which may be
    # the dump.
    return format_options(**where, user=database.account)


def format_options(**values: str) -> str:
    """Return command-line options. Options without a value are left out."""
    return "".join(
        f" --{name.replace('_', '-')}={shlex.quote(value)}"
        for name, value in values.items()
        if value
    )


def statement_command(database: Database, sql: str) -> str:
    """Return the command that runs an SQL statement.

    The command exits with an error if the server refuses the statement.
    """
    login, name = connection_options(database), shlex.quote(database.name)
    if database.vendor == "postgresql":
        return f"psql{login} --dbname={name} --set=ON_ERROR_STOP=1 --command={shlex.quote(sql)}"
    return f"mysql{login} --execute={shlex.quote(sql)} {name}"
