"""How the packages of an earlier state come back."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..facts import Database, Packages, Runtime, Unavailable
from .packages import TOOLS
from .reverse import ZERO, Call
from .runbook import Step

REQUIREMENTS = "rollback-requirements.txt"
KEPT = "before-upgrade.requirements.txt"
BACKUP = "before-upgrade"
CONFIG = f"{BACKUP}.nautobot_config.py"
IMPORT = "from importlib.metadata import version"
INSTALLED_BY_PIP = ("virtualenv", "system", "git checkout")


@dataclass(frozen=True)
class Alone:
    """One App that goes back by itself, to a migration of it."""

    label: str
    module: str
    distribution: str
    """Empty if it came without one."""
    version: str
    """That is installed now."""
    target: str
    """Name of the migration; ``zero`` if none stays."""


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
    named: tuple[tuple[str, str], ...] = ()
    """Distributions and their versions by which the old packages are told."""
    alone: Alone | None = None

    @property
    def is_whole(self) -> bool:
        """Whether everything goes back, the configuration, too; not some Apps alone."""
        return bool(self.release or self.snapshot) or not (self.named or self.alone)

    @property
    def frozen(self) -> str:
        """The file that holds the old packages."""
        return KEPT if isinstance(self.then, Unavailable) else REQUIREMENTS


def files_of(back: Return) -> Iterator[str]:
    """Yield the files that the steps need which bring the old packages back."""
    if back.alone:
        return
    if back.is_whole:
        yield CONFIG
    if back.runtime.layout in INSTALLED_BY_PIP:
        yield back.frozen


def requirements_of(then: Packages) -> str:
    """Return the frozen set of the state to go back to, for pip, without hashes."""
    lines = (
        f"{one.name}=={one.version}"
        for one in then.installed
        if canonicalize_name(one.name) not in TOOLS and not one.local
    )
    return "\n".join((*sorted(lines, key=str.lower), kept_out(then)))


def kept_out(then: Packages, lost: Collection[str] = ()) -> str:
    """Return what pip is not to fetch, as comments.

    Args:
        then: What was installed.
        lost: Canonical names of what no index has.
    """
    lines = [
        f"# {one.name}=={one.version} was installed from a folder or a file\n"
        for one in then.installed
        if one.local
    ]
    lines += [
        f"# {one.name}=={one.version} is not on the index\n"
        for one in then.installed
        if canonicalize_name(one.name) in lost
    ]
    return "".join(sorted(lines, key=str.lower))


def packages(back: Return) -> Iterator[Step]:
    """Yield how the old packages come back, by the layout."""
    if back.alone:
        yield from _without(back.alone) if back.alone.target == ZERO else _older(back.alone)
    elif back.is_whole:
        yield from _whole(back)
    else:
        yield _frozen_set(back)


def _without(app: Alone) -> Iterator[Step]:
    """Yield how an App goes that keeps no migration."""
    there = f"from django.conf import settings; assert {app.module!r} not in settings.PLUGINS"
    yield Step(
        f"Take {app.module} out of PLUGINS",
        "Nobody edits your configuration for you: take it out of PLUGINS and PLUGINS_CONFIG in "
        "nautobot_config.py, then run this again.",
        (f"nautobot-server shell --command {shlex.quote(there)}",),
    )
    if app.distribution:
        name = shlex.quote(app.distribution)
        yield Step(
            f"Uninstall {app.distribution}",
            "Where it comes with an image, take it out of that, too.",
            (f"python -m pip uninstall --yes {name}",),
        )


def _older(app: Alone) -> Iterator[Step]:
    """Yield how an App's release comes back that ends with a migration."""
    name = app.distribution or app.module
    yield Step(
        f"Install the release of {name} that ends with {app.target}",
        f"OLD_APP names it, such as {name}==1.0. Migrations that it has beyond that one are "
        "applied again, and begin without rows. Where packages come with an image, build that "
        "first.",
        ('python -m pip install --no-deps "$OLD_APP"',),
        _proof(f"assert version({name!r}) != {app.version!r}, 'it is still the same release'"),
    )


def _whole(back: Return) -> Iterator[Step]:
    """Yield how all packages and the configuration come back."""
    runtime = back.runtime
    config = f'cp -p {CONFIG} "$NAUTOBOT_ROOT"/nautobot_config.py'
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


def _frozen_set(back: Return, *more: str) -> Step:
    new = " ".join(map(shlex.quote, _only_now(back)))
    proofs = (f"assert version({name!r}) == {one!r}, version({name!r})" for name, one in back.named)
    return Step(
        "Install the old packages",
        "From a frozen set, without a resolution: what an old Nautobot would get today is not what "
        "it was made for.",
        (
            f"python -m pip install --no-deps --requirement {back.frozen}",
            *((f"python -m pip uninstall --yes {new}",) if new else ()),
            *more,
        ),
        _proof(*proofs) if back.named else "python -m pip check",
    )


def _proof(*assertions: str) -> str:
    return shlex.join(["python", "-c", "; ".join((IMPORT, *assertions))])


def _only_now(back: Return) -> list[str]:
    """Return distributions that the newer release has brought."""
    if isinstance(back.now, Unavailable) or isinstance(back.then, Unavailable):
        return []
    old = {canonicalize_name(one.name) for one in back.then.installed}
    names = {canonicalize_name(one.name) for one in back.now.installed if not one.local}
    return sorted(names - old - TOOLS)
