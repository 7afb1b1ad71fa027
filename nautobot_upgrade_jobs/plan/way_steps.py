"""The steps of a way back, for the way in which Nautobot is installed here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..facts import Database, Packages, Runtime, Unavailable
from .packages import TOOLS
from .reverse import Call
from .runbook import Step, dump_of, options, start_of, stop_of
from .ways import Kind

REQUIREMENTS = "rollback-requirements.txt"
BACKUP = "before-upgrade"
PRESENT = "before-rollback"


@dataclass(frozen=True)
class Return:
    """What a way back leads to, and from where."""

    runtime: Runtime
    database: Database
    now: Packages | Unavailable
    then: Packages | Unavailable
    calls: tuple[Call, ...]
    snapshot: str = ""
    """File of the state to go back to; empty if there is none."""


def steps_of(kind: Kind, back: Return) -> tuple[Step, ...]:
    """Return the steps of a way, from the first command to the last look."""
    if kind == "forward":
        return tuple(_forward(back))
    undo = {"nothing": (), "reverse": _reversed(back), "restore": _restored(back)}[kind]
    return (
        stop_of(back.runtime),
        _present(back.database),
        *undo,
        *_packages(back),
        _own_steps(),
        start_of(back.runtime),
        _look(back),
    )


def requirements_of(then: Packages | Unavailable) -> str:
    """Return the frozen set of the state to go back to, for pip; empty if nobody knows it."""
    if isinstance(then, Unavailable):
        return ""
    lines = (
        f"# {one.name}=={one.version} was installed from a folder or a file"
        if one.local
        else f"{one.name}=={one.version}"
        for one in then.installed
        if canonicalize_name(one.name) not in TOOLS
    )
    return "\n".join(sorted(lines, key=str.lower)) + "\n"


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
    yield _look(back)


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
            f"Undo {len(call.undoes)} migrations: {call.app} back to {call.target}",
            "With the new code: only it knows how. What other Apps have built on it goes along.",
            (f"nautobot-server migrate {shlex.quote(call.app)} {shlex.quote(call.target)}",),
            f"nautobot-server showmigrations {shlex.quote(call.app)}",
            irreversible=True,
        )
        for call in back.calls
    )


def _restored(back: Return) -> tuple[Step, ...]:
    database = back.database
    name = shlex.quote(database.name)
    if database.vendor != "postgresql":
        login = options(host=database.host, port=database.port, user=database.account)
        asked = " --password" if database.host else ""
        sql = f"DROP DATABASE `{database.name}`; CREATE DATABASE `{database.name}`"
        commands: tuple[str, ...] = (
            f"mysql{login}{asked} --execute={shlex.quote(sql)}",
            f"mysql{login}{asked} {name} < {BACKUP}.{database.vendor}",
        )
        proof = f"mysql{login}{asked} --execute='SHOW TABLES' {name}"
    else:
        login = options(host=database.host, port=database.port, username=database.account)
        aside = f'ALTER DATABASE "{database.name}" RENAME TO "{database.name}_upgraded"'
        commands = (
            f"psql{login} --dbname=postgres --command={shlex.quote(aside)}",
            f"createdb{login} {name}",
            f"pg_restore{login} --exit-on-error --no-owner --dbname={name} {BACKUP}.postgresql",
        )
        proof = f"psql{login} --dbname={name} --command='TABLE django_migrations'"
    return (
        Step(
            "Put the backup in the place of the database",
            "Into an empty database: what a dump does not have would otherwise stay. Where the "
            "server can, the upgraded one is kept beside it.",
            commands,
            proof,
            irreversible=True,
        ),
        Step(
            "Bring back the media files",
            "Files that were uploaded since stay; those that were replaced are the old ones again.",
            (f'tar -xzf {BACKUP}-media.tar.gz -C "$NAUTOBOT_ROOT"',),
        ),
    )


def _packages(back: Return) -> Iterator[Step]:
    """Yield how the old packages come back, by the layout."""
    layout, runtime = back.runtime.layout, back.runtime
    config = f'cp -p {BACKUP}.nautobot_config.py "$NAUTOBOT_ROOT"/nautobot_config.py'
    if layout == "container image":
        yield Step(
            "Start from the old image again",
            "Its name stands in the file that was kept before the upgrade.",
            (f"cat {BACKUP}.images", "docker compose build", config),
        )
        return
    if layout == "release symlink":
        link = shlex.quote(runtime.link)
        yield Step(
            "Switch the link back to the old release",
            "The old environment was left whole beside the new one.",
            (f"ls -d {link}-*", f'ln -sfn "$OLD_RELEASE" {link}', config),
            f"readlink {link}",
        )
        return
    if layout == "git checkout":
        yield Step(
            "Check out the old release", "", ('git checkout "$OLD_TAG"',), "git describe --tags"
        )
    new = " ".join(map(shlex.quote, _only_now(back)))
    yield Step(
        "Install the old packages",
        "From a frozen set, without a resolution: what an old Nautobot would get today is not what "
        "it was made for.",
        (
            f"python -m pip install --no-deps --requirement {REQUIREMENTS}",
            *((f"python -m pip uninstall --yes {new}",) if new else ()),
            config,
        ),
        "python -m pip check",
    )


def _only_now(back: Return) -> list[str]:
    """Return distributions that the newer release has brought."""
    if isinstance(back.now, Unavailable) or isinstance(back.then, Unavailable):
        return []
    old = {canonicalize_name(one.name) for one in back.then.installed}
    names = {canonicalize_name(one.name) for one in back.now.installed if not one.local}
    return sorted(names - old - TOOLS)


def _own_steps() -> Step:
    return Step(
        "Let the old release do its own steps",
        "Static files, content types and caches are those of the newer release until then; there "
        "is no migration left to apply.",
        ("nautobot-server post_upgrade",),
        "nautobot-server migrate --check",
    )


def _look(back: Return) -> Step:
    compare = (
        (f"nautobot-server upgrade_jobs compare {shlex.quote(back.snapshot)}",)
        if back.snapshot
        else ()
    )
    return Step(
        "Look, before anybody is let in",
        "Is the schema what the old code needs, and is lost only what was said to be?",
        ("nautobot-server upgrade_jobs verify", *compare),
        "The verdict of verify is GO.",
    )
