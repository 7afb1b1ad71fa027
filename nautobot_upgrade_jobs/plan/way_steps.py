"""The steps of a way back, for the way in which Nautobot is installed here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..facts import Database, Packages, Runtime, Unavailable
from .packages import TOOLS
from .reverse import Call
from .runbook import Step, dump_of, login_of, options, start_of, stop_of
from .ways import Kind

REQUIREMENTS = "rollback-requirements.txt"
KEPT = "before-upgrade.requirements.txt"
BACKUP = "before-upgrade"
PRESENT = "before-rollback"
MEDIA = f"{BACKUP}-media.tar.gz"


INTO_AN_EMPTY_ONE = "What a dump does not have would otherwise stay."
INSTALLED_BY_PIP = ("virtualenv", "system", "git checkout")


@dataclass(frozen=True)
class Return:
    """What a way back leads to, and from where."""

    runtime: Runtime
    database: Database
    now: Packages | Unavailable
    then: Packages | Unavailable
    calls: tuple[Call, ...]
    release: str = ""
    """Version of Nautobot in the state to go back to; empty if it stays."""
    snapshot: str = ""
    """File of the state to go back to; empty if there is none."""

    @property
    def frozen(self) -> str:
        """The file that holds the old packages."""
        return KEPT if isinstance(self.then, Unavailable) else REQUIREMENTS


def steps_of(kind: Kind, back: Return) -> tuple[Step, ...]:
    """Return the steps of a way, from the first command to the last look."""
    if kind == "forward":
        return tuple(_forward(back))
    undo = {"nothing": (), "reverse": _reversed(back), "restore": _restored(back)}[kind]
    return (
        *_at_hand(kind, back),
        stop_of(back.runtime),
        _present(back.database),
        *undo,
        *_packages(back),
        _own_steps(),
        start_of(back.runtime),
        *_looks(back),
    )


def _at_hand(kind: Kind, back: Return) -> Iterator[Step]:
    """Yield a step that looks for the files which later ones need; none if they need none."""
    files = [f"{BACKUP}.nautobot_config.py"]
    if kind == "restore":
        files += [f"{BACKUP}.{back.database.vendor}", MEDIA]
    if back.runtime.layout in INSTALLED_BY_PIP:
        files.append(back.frozen)
    if back.snapshot:
        files.append(back.snapshot)
    yield Step(
        "See that everything is at hand",
        "Nothing is changed before all of it is there, in this folder.",
        tuple(f"test -s {shlex.quote(name)}" for name in files),
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
            f"Undo {_number(call)}: {call.app} back to {call.target}",
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
        Step(
            "Bring back the media files",
            "Files that were uploaded since stay; those that were replaced are the old ones again.",
            (f'tar -xzf {MEDIA} -C "$NAUTOBOT_ROOT"',),
        ),
    )


def _into_postgresql(database: Database) -> Iterator[Step]:
    login = login_of(database)
    name, quoted = shlex.quote(database.name), database.name.replace('"', '""')
    aside = f'ALTER DATABASE "{quoted}" RENAME TO "{quoted}_upgraded"'
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


def _packages(back: Return) -> Iterator[Step]:
    """Yield how the old packages come back, by the layout."""
    runtime = back.runtime
    config = f'cp -p {BACKUP}.nautobot_config.py "$NAUTOBOT_ROOT"/nautobot_config.py'
    if runtime.layout == "container image":
        yield Step(
            "Start from the old image again",
            f"Its name stands in {BACKUP}.images; put it back into the Dockerfile, and into the "
            "variable.",
            (f'grep --quiet "$OLD_IMAGE" {BACKUP}.images', "docker compose build", config),
        )
    elif runtime.layout == "release symlink":
        link = shlex.quote(runtime.link)
        yield Step(
            "Switch the link back to the old release",
            "The old environment was left whole beside the new one.",
            (
                'test -x "$OLD_RELEASE"/bin/nautobot-server -o -x "$OLD_RELEASE"/venv/bin/python',
                f'ln -sfn "$OLD_RELEASE" {link}',
                config,
            ),
            f'test "$(readlink {link})" = "$OLD_RELEASE"',
        )
    else:
        if runtime.layout == "git checkout":
            tag = shlex.quote(f"v{back.release}") if back.release else '"$OLD_TAG"'
            yield Step(
                "Check out the old release", "", (f"git checkout {tag}",), "git describe --tags"
            )
        yield _frozen_set(back, config)


def _frozen_set(back: Return, config: str) -> Step:
    new = " ".join(map(shlex.quote, _only_now(back)))
    proof = f"assert version('nautobot') == '{back.release}', version('nautobot')"
    return Step(
        "Install the old packages",
        "From a frozen set, without a resolution: what an old Nautobot would get today is not what "
        "it was made for.",
        (
            f"python -m pip install --no-deps --requirement {back.frozen}",
            *((f"python -m pip uninstall --yes {new}",) if new else ()),
            config,
        ),
        shlex.join(["python", "-c", f"from importlib.metadata import version; {proof}"])
        if back.release
        else "python -m pip check",
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


def _number(call: Call) -> str:
    number = len(call.undoes)
    return "1 migration" if number == 1 else f"{number} migrations"


def _known(value: str | Unavailable) -> str:
    return "" if isinstance(value, Unavailable) else value
