"""The steps of a way back, for the way in which Nautobot is installed here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..common.text import plural
from ..facts import Database, Unavailable
from ..rollback.options import Kind
from ..rollback.package_set import BACKUP, Return, files_of, packages
from .container_commands import in_place
from .server_commands import NOT_ASKED, dump_of, login_of, options, unpacked
from .upgrade import Step, start_of, stop_of

PRESENT = "before-rollback"
MEDIA = f"{BACKUP}-media.tar.gz"
ASIDE = "_upgraded"
"""What the name of the database that is put aside ends with."""
INTO_AN_EMPTY_ONE = "What a dump does not have would otherwise stay."


def steps_of(kind: Kind, back: Return) -> tuple[Step, ...]:
    """Return the steps of a way, from the first command to the last look."""
    return tuple(in_place(step, back.runtime) for step in _steps_of(kind, back))


def _steps_of(kind: Kind, back: Return) -> tuple[Step, ...]:
    if kind == "forward":
        return tuple(_forward(back))
    undo = {"nothing": (), "reverse": _reversed(back), "restore": _restored(back)}[kind]
    return (
        *_at_hand(kind, back),
        stop_of(back.runtime),
        _present(back.database),
        *undo,
        *packages(back),
        *((_queue(),) if kind == "restore" else ()),
        _own_steps(),
        start_of(back.runtime),
        *_looks(back),
    )


def _at_hand(kind: Kind, back: Return) -> Iterator[Step]:
    """Yield a step that looks for the files which later ones need; none if they need none."""
    files = list(files_of(back))
    if kind == "restore":
        files += [f"{BACKUP}.{back.database.vendor}", *((MEDIA,) if back.media else ())]
    if back.snapshot:
        files.append(back.snapshot)
    commands = [f"test -s {shlex.quote(name)}" for name in files]
    if kind == "restore":
        commands += _let_in(back.database)
    if not commands:
        return
    yield Step(
        "See that everything is at hand",
        "Nothing is changed before all of it is there, in this folder."
        + ("" if back.database.vendor == "postgresql" else f" {NOT_ASKED}"),
        tuple(commands),
    )


def _let_in(database: Database) -> tuple[str, ...]:
    """Return commands that fail unless the restore can begin."""
    login = login_of(database)
    if database.vendor != "postgresql":
        return (f"mysql{login} --execute='SELECT 1'",)
    aside = f"{database.name}{ASIDE}"
    told = f"{aside} is still there, of an earlier way back: drop it, or give it another name"
    there = f"psql{login} --dbname={shlex.quote(aside)} --command='SELECT 1'"
    return (
        f"psql{login} --dbname=postgres --command='SELECT 1'",
        f"if {there} >/dev/null 2>&1; then echo {shlex.quote(told)}; false; fi",
    )


def _forward(back: Return) -> Iterator[Step]:
    yield stop_of(back.runtime)
    yield _present(back.database)
    yield Step(
        "Finish the upgrade",
        "It applies what is left of the migrations, and runs every step after them; those that are "
        "done already do nothing.",
        ("nautobot-server post_upgrade",),
        "nautobot-server upgrade_jobs verify",
    )
    yield start_of(back.runtime)
    yield from _looks(back)


def _present(database: Database) -> Step:
    dump, proof = dump_of(database, PRESENT)
    return Step(
        "Back up the present state",
        "Whatever goes wrong from here on, this is where it can be begun anew.",
        (dump,),
        proof,
    )


def _reversed(back: Return) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"Undo {plural(len(call.undoes), 'migration')}: {call.app} back to {call.target}",
            "With the new code: only it knows how. What other Apps have built on it goes along.",
            (f"nautobot-server migrate {shlex.quote(call.app)} {shlex.quote(call.target)}",),
            f"nautobot-server migrate --check {shlex.quote(call.app)} {shlex.quote(call.target)}",
            irreversible=True,
        )
        for call in back.calls
    )


def _restored(back: Return) -> tuple[Step, ...]:
    """Return steps that can each be repeated after a failure, or have then done nothing."""
    write = _into_postgresql if back.database.vendor == "postgresql" else _into_mysql
    return (
        *write(back.database),
        *((_media(back.media),) if back.media else ()),
    )


def _media(folder: str) -> Step:
    return Step(
        "Bring back the media files",
        "Files that were uploaded since stay; those that were replaced are the old ones again.",
        (unpacked(folder, MEDIA),),
    )


def _into_postgresql(database: Database) -> Iterator[Step]:
    login = login_of(database)
    name, quoted = shlex.quote(database.name), database.name.replace('"', '""')
    aside = f'ALTER DATABASE "{quoted}" RENAME TO "{quoted}{ASIDE}"'
    yield Step(
        "Put the upgraded database aside",
        "It stays whole under another name.",
        (f"psql{login} --dbname=postgres --command={shlex.quote(aside)}",),
        irreversible=True,
    )
    as_before = options(
        template="template0",
        encoding=_known(database.encoding),
        lc_collate=_known(database.collation),
    )
    yield Step(
        "Make an empty one",
        f"{INTO_AN_EMPTY_ONE} It takes a role that may create databases.",
        (f"createdb{login}{as_before} {name}",),
    )
    yield Step(
        "Restore the backup into it",
        "In one transaction: all of it, or nothing.",
        (f"pg_restore{login} --single-transaction --no-owner --dbname={name} {BACKUP}.postgresql",),
        f"psql{login} --dbname={name} --command='TABLE django_migrations'",
    )


def _into_mysql(database: Database) -> Iterator[Step]:
    mysql = f"mysql{login_of(database)}"
    name, quoted = shlex.quote(database.name), database.name.replace("`", "``")
    encoding, collation = _known(database.encoding), _known(database.collation)
    as_before = f" CHARACTER SET {encoding} COLLATE {collation}" if encoding and collation else ""
    sql = f"DROP DATABASE IF EXISTS `{quoted}`; CREATE DATABASE `{quoted}`{as_before}"
    yield Step(
        "Empty the database",
        f"{INTO_AN_EMPTY_ONE} The upgraded one is in the backup of the present state.",
        (f"{mysql} --execute={shlex.quote(sql)}",),
        irreversible=True,
    )
    yield Step(
        "Restore the backup into it",
        "",
        (f"{mysql} {name} < {BACKUP}.{database.vendor}",),
        f"{mysql} --execute='TABLE django_migrations' {name}",
    )


def _queue() -> Step:
    return Step(
        "Empty the queue",
        "What waits in it is for rows that are not there any more. Further queues are named by "
        "--queues.",
        ("nautobot-server celery purge --force",),
    )


def _own_steps() -> Step:
    return Step(
        "Let the old release do its own steps",
        "Static files, content types and caches are those of the newer release until then; there "
        "is no migration left to apply.",
        ("nautobot-server post_upgrade",),
        "nautobot-server migrate --check",
    )


def _looks(back: Return) -> Iterator[Step]:
    yield Step(
        "Verify, before anybody is let in",
        "Is the schema what the code needs, and do all services run it?",
        ("nautobot-server upgrade_jobs verify",),
        "The verdict is GO.",
    )
    if back.snapshot:
        yield Step(
            "Compare with the state before",
            "Only what was said to be lost may differ: go through it line by line.",
            # 2 is what something lost is told by; that was decided upon.
            (f"nautobot-server upgrade_jobs compare {shlex.quote(back.snapshot)} || [ $? = 2 ]",),
            "Each difference is one that the plan has named.",
        )


def _known(value: str | Unavailable) -> str:
    return "" if isinstance(value, Unavailable) else value
