"""How the packages of an earlier state come back."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from ..facts import Database, Packages, Runtime, Unavailable
from ..facts.pinned_packages import PinnedPackages
from ..migration_graph.reverse_plan import ZERO, Call
from ..runbook.container_commands import IMAGE
from ..runbook.upgrade import Step, source_of
from ..upgrade.package_changes import TOOLS

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


class Earlier:
    """What is told of a state to go back to."""

    release: str
    snapshot: str
    named: tuple[tuple[str, str], ...]
    alone: Alone | None

    @property
    def is_whole(self) -> bool:
        """Whether everything goes back, the configuration, too; not some Apps alone."""
        return bool(self.release or self.snapshot) or not (self.named or self.alone)


@dataclass(frozen=True)
class Return(Earlier):
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
    wheel_directory: str = ""
    """Folder that is installed from, instead of a package index."""
    media: str = ""
    """Folder of the media files; empty if they are in none."""

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
    if takes_a_list(back.runtime.layout, whole=back.is_whole):
        yield back.frozen


def takes_a_list(layout: str, *, whole: bool) -> bool:
    """Tell whether the steps install a list of packages.

    Args:
        layout: How Nautobot is installed.
        whole: Whether everything goes back: a folder that was left beside the new one is a way for
            that alone.
    """
    return layout in INSTALLED_BY_PIP or (layout == "release symlink" and not whole)


def without_tools(packages: Packages) -> Packages:
    """Return the packages without what installs them."""
    kept = (one for one in packages.installed if canonicalize_name(one.name) not in TOOLS)
    return replace(packages, installed=tuple(kept))


def unasked(then: Packages, now: Packages, why: str) -> PinnedPackages:
    """Return the packages to go back to, for pip, without hashes: no index was asked."""
    lines = sorted(
        (f"{one.name}=={one.version}" for one in without_tools(then).installed if not one.local),
        key=str.lower,
    )
    text = "\n".join((*lines, kept_out(then)))
    return PinnedPackages(text, to_be_found(then, now), why)


def to_be_found(then: Packages, now: Packages, lost: Collection[str] = ()) -> tuple[str, ...]:
    """Return ``name==version`` of what was installed, is not, and comes from no index.

    Args:
        then: What was installed.
        now: What is installed.
        lost: Canonical names of what no index has.
    """
    own = {(canonicalize_name(one.name), one.version) for one in now.installed}
    return tuple(
        f"{one.name}=={one.version}"
        for one in then.installed
        if (one.local or canonicalize_name(one.name) in lost)
        and (canonicalize_name(one.name), one.version) not in own
    )


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
        yield from (
            _without(back.alone)
            if back.alone.target == ZERO
            else _older(back.alone, back.wheel_directory)
        )
    elif back.is_whole:
        yield from _whole(back)
    elif back.runtime.layout == IMAGE:
        yield _built_with(back)
    else:
        yield _frozen_set(back)


def _built_with(back: Return) -> Step:
    """Return how older Apps come back with an image: somebody has to write them into it."""
    return Step(
        "Build the image with the older Apps",
        "Write them into what the image is built from, then run this again: "
        + ", ".join(f"{name}=={version}" for name, version in back.named),
        ("docker compose build", _proof(back.named)),
    )


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


def _older(app: Alone, wheel_directory: str) -> Iterator[Step]:
    """Yield how an App's release comes back that ends with a migration."""
    name, source = app.distribution, source_of(wheel_directory)
    if not name:
        yield Step(
            f"Put the code of {app.module} back that ends with {app.target}",
            "No distribution brings it: nobody else knows where it comes from. Then run this "
            "again.",
            (f"nautobot-server migrate --check {shlex.quote(app.label)}",),
        )
        return
    yield Step(
        f"Install the release of {name} that ends with {app.target}",
        f"OLD_APP names it, such as {name}==1.0. Migrations that it has beyond that one are "
        "applied again, and begin without rows. Where packages come with an image, build that "
        "first.",
        (f'python -m pip install{source} --no-deps "$OLD_APP"',),
        shlex.join(["python", "-c", f"{IMPORT}; assert version({name!r}) != {app.version!r}"]),
    )


def _whole(back: Return) -> Iterator[Step]:
    """Yield how all packages and the configuration come back."""
    runtime = back.runtime
    config = f'cp -p {CONFIG} "$NAUTOBOT_ROOT"/nautobot_config.py'
    if runtime.layout == IMAGE:
        yield Step(
            "Start from the old image again",
            f"Its name stands in {BACKUP}.images; put it back into the Dockerfile, and into the "
            "variable.",
            (f'grep --quiet "$OLD_IMAGE" {BACKUP}.images', "docker compose build", config),
        )
    elif runtime.layout == "release symlink":
        link = shlex.quote(runtime.symlink)
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
    source = source_of(back.wheel_directory)
    return Step(
        "Install the old packages",
        "From a frozen set, without a resolution: what an old Nautobot would get today is not what "
        "it was made for.",
        (
            f"python -m pip install{source} --no-deps --requirement {back.frozen}",
            *((f"python -m pip uninstall --yes {new}",) if new else ()),
            *more,
        ),
        _proof(back.named) if back.named else "python -m pip check",
    )


def _proof(named: Iterable[tuple[str, str]]) -> str:
    """Return the command that fails unless these are installed; 1.0 is 1.0.0."""
    as_is = "from packaging.version import Version as V"
    proofs = (f"assert V(version({name!r})) == V({one!r})" for name, one in named)
    return shlex.join(["python", "-c", "; ".join((IMPORT, as_is, *proofs))])


def _only_now(back: Return) -> list[str]:
    """Return distributions that the newer release has brought."""
    if isinstance(back.now, Unavailable) or isinstance(back.then, Unavailable):
        return []
    old = {canonicalize_name(one.name) for one in back.then.installed}
    names = {canonicalize_name(one.name) for one in back.now.installed if not one.local}
    return sorted(names - old - TOOLS)
