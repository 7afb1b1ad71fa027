"""The steps that restore a backup, for each format and each database."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from ..common.files import BACKUP, MEDIA_ARCHIVE
from ..facts import or_none
from ..facts.backup_file import BackupFormat, Preamble
from ..rollback.package_set import RollbackPlan
from .layouts import Layout
from .server_commands import connection_options, format_options, tar_extract
from .steps import Step

ASIDE_SUFFIX = "_upgraded"
"""Suffix that is added to the name of the upgraded database."""
WHY_EMPTY = "Tables that the dump does not contain would otherwise remain."


def restore_backup(plan: RollbackPlan, layout: Layout) -> tuple[Step, ...]:
    """Return the restore steps. Each step can be repeated after a failure."""
    restore = _restore_postgresql if plan.database.vendor == "postgresql" else _restore_mysql
    if plan.external_backup:
        restore = _restore_by_hand
    return (
        *restore(plan, layout),
        *((_restore_media(plan.media, layout),) if plan.media else ()),
    )


def _restore_by_hand(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    """Yield the restore of a backup that only its own program can restore."""
    migrations = [key for call in plan.calls for key in call.migrations]
    yield Step(
        "Restore the database with its own program",
        f"Restore {plan.external_backup}. End the recovery at the end of the backup, such as with "
        "--type=immediate or --target-immediate: by default, the archived log is replayed to its "
        "end, which is in the upgrade. A backup of a whole cluster or volume also resets each "
        "other database in it. The plan has no command for this step.",
        (),
        layout.statement(_fails_if_applied(migrations)),
        irreversible=True,
        by_hand=True,
    )


def _fails_if_applied(migrations: Iterable[str]) -> str:
    """Return a statement that the server refuses if it has the record of one of the migrations."""
    pairs = (key.partition(".") for key in migrations)
    keys = ", ".join(f"('{app}', '{name}')" for app, _, name in pairs) or "('', '')"
    recorded = f"SELECT 1 FROM django_migrations WHERE (app, name) IN ({keys})"  # noqa: S608
    return f"SELECT CASE WHEN EXISTS ({recorded}) THEN (SELECT 1 UNION SELECT 2) END"


def _restore_media(folder: str, layout: Layout) -> Step:
    return Step(
        "Restore the media files",
        "Files that were uploaded since are kept. Files that were replaced are restored.",
        (layout.nautobot(tar_extract(folder, MEDIA_ARCHIVE), reads=(MEDIA_ARCHIVE,)),),
    )


def backup_name(plan: RollbackPlan) -> str:
    """Return the file that the steps restore."""
    return plan.backup or f"{BACKUP}.{plan.database.vendor}"


def _restore_postgresql(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    database = layout.server
    login = connection_options(database)
    name, quoted = shlex.quote(database.name), database.name.replace('"', '""')
    rename = f'ALTER DATABASE "{quoted}" RENAME TO "{quoted}{ASIDE_SUFFIX}"'
    yield Step(
        "Rename the upgraded database",
        "The upgraded database is kept unchanged under another name.",
        (layout.client(f"psql{login} --dbname=postgres --command={shlex.quote(rename)}"),),
        irreversible=True,
    )
    options = format_options(
        template="template0",
        encoding=or_none(database.encoding) or "",
        lc_collate=or_none(database.collation) or "",
    )
    yield Step(
        "Create an empty database",
        f"{WHY_EMPTY} The role needs the right to create databases.",
        (layout.client(f"createdb{login}{options} {name}"),),
    )
    yield Step(
        "Restore the backup into it",
        "The restore is one transaction: either everything is restored or nothing.",
        (_restore_command(plan, layout),),
        layout.client(f"psql{login} --dbname={name} --command='TABLE django_migrations'"),
    )


SKIP_PREAMBLE = {
    Preamble.CONNECT: r"'1,/^\\connect /d'",
    Preamble.SCHEMA: "'1,/^CREATE TABLE /{/^CREATE SCHEMA public;/d;}'",
    Preamble.DROPS: r"'1,/^CREATE /{/^DROP SCHEMA public;/b;/^DROP /d;/^ALTER TABLE .* DROP /d;}'",
}
"""Arguments of ``sed`` that leave out the statements that fail in an empty database.

A new database has the schema ``public``, so a statement that drops this schema is kept.
"""


def _restore_command(plan: RollbackPlan, layout: Layout) -> str:
    """Return the command that restores a PostgreSQL backup of this format."""
    file, login = shlex.quote(backup_name(plan)), connection_options(layout.server)
    where = f"{login} --dbname={shlex.quote(layout.server.name)}"
    psql = layout.client(f"psql{where} --single-transaction --set=ON_ERROR_STOP=1 --quiet")
    skip = SKIP_PREAMBLE.get(plan.backup_preamble)
    if plan.backup_format is BackupFormat.SQL:
        return f"sed {skip} {file} | {psql}" if skip else f"{psql} < {file}"
    if plan.backup_format is BackupFormat.COMPRESSED_SQL:
        return " | ".join(filter(None, (f"gunzip --stdout {file}", skip and f"sed {skip}", psql)))
    only = " --schema=public" if plan.backup_preamble is Preamble.SCHEMA else ""
    restore = layout.client(f"pg_restore{where} --single-transaction --no-owner{only}")
    return f"{restore} < {file}"


def _restore_mysql(plan: RollbackPlan, layout: Layout) -> Iterator[Step]:
    database = layout.server
    mysql = layout.client(f"mysql{connection_options(database)}")
    name, quoted = shlex.quote(database.name), database.name.replace("`", "``")
    encoding, collation = or_none(database.encoding), or_none(database.collation)
    options = f" CHARACTER SET {encoding} COLLATE {collation}" if encoding and collation else ""
    file = shlex.quote(backup_name(plan))
    sql = f"DROP DATABASE IF EXISTS `{quoted}`; CREATE DATABASE `{quoted}`{options}"
    yield Step(
        "Empty the database",
        f"{WHY_EMPTY} The backup of the current state contains the upgraded database.",
        (f"{mysql} --execute={shlex.quote(sql)}",),
        irreversible=True,
    )
    yield Step(
        "Restore the backup into it",
        "",
        (
            f"gunzip --stdout {file} | {mysql} {name}"
            if plan.backup_format is BackupFormat.COMPRESSED_SQL
            else f"{mysql} {name} < {file}",
        ),
        f"{mysql} --execute='TABLE django_migrations' {name}",
    )
