"""Where a way back is to lead: a snapshot, a release, or one App at a migration of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..app_settings import UsageError
from ..facts import App, Migrations, Packages, TableFingerprints, Unavailable
from ..migration_graph.reverse_plan import ZERO, before
from ..rollback.package_set import Alone, Earlier
from ..snapshot.file_format import Snapshot
from ..target.app_release import AppRelease
from ..target.requirement_lines import PIN, parse_requirement
from .compare import format_timestamp
from .context import RunContext

STATE_UNAVAILABLE = Unavailable("there is no snapshot of that state")


@dataclass(frozen=True)
class RollbackTarget(Earlier):
    """The state to go back to."""

    label: str
    recorded: frozenset[str]
    """Keys of migrations, as ``django_migrations`` has them."""
    fingerprints: TableFingerprints | Unavailable
    packages: Packages | Unavailable
    as_of: datetime | None
    """When it was so; None if nobody knows."""
    release: str = ""
    """Version of Nautobot then; empty if it stays the one that is installed."""
    snapshot: str = ""
    named: tuple[tuple[str, str], ...] = ()
    """Distributions and versions by which the packages of that state are told."""
    alone: Alone | None = None
    """The one App that goes back, if it is one."""


@dataclass(frozen=True)
class SnapshotArgument:
    """A snapshot of the state to go back to, if there is one."""

    snapshot: Snapshot | None = None
    file: str = ""
    """Its name, for the steps."""
    instance: str = ""
    """What this installation was called then, if otherwise."""


NO_SNAPSHOT = SnapshotArgument()


@dataclass(frozen=True)
class InstalledPackages:
    """What is installed here, and what tells of other releases of it."""

    apps: tuple[App, ...] = ()
    packages: Packages | Unavailable = STATE_UNAVAILABLE
    inspect: Callable[[str, str], AppRelease] = lambda requirement, module: _inspection_unavailable(
        requirement
    )
    """Returns what is in a release, by requirement and top-level package; raises UsageError if
    nobody knows."""


def _inspection_unavailable(requirement: str) -> AppRelease:
    raise UsageError(f"{requirement}: without a Nautobot nobody looks into a release.")


def parse_rollback_target(
    text: str,
    given: SnapshotArgument,
    migrations: Migrations,
    asked: RunContext,
    installed: InstalledPackages,
) -> RollbackTarget:
    """Understand where to go back to.

    Args:
        text: A release, distributions with their versions, or an App and a migration of it.
        given: A snapshot, instead.
        migrations: Those that are on disk, and applied.
        asked: What the operator asked for.
        installed: What is installed here.

    Raises:
        UsageError: It is no state to go back to.
    """
    if given.snapshot and text.strip():
        raise UsageError("The state to go back to is given twice: by a snapshot and by name.")
    if given.snapshot:
        return _from_snapshot(given.snapshot, given, asked)
    words = text.split()
    if words and all("==" in word for word in words):
        return _from_requirements(words, migrations, asked, installed)
    if len(words) == 2:
        return _from_migration(words[0], words[1], migrations, installed)
    if len(words) == 1:
        return _from_release(words[0], migrations, asked)
    raise UsageError(
        "Name the state to go back to: a snapshot, a release such as 2.4.44, or an App and the "
        f"last migration of it that stays, such as 'example 0004_x' or 'example {ZERO}', or "
        "releases of Apps, such as 'nautobot-example==1.0.0'."
    )


def _from_snapshot(
    snapshot: Snapshot, given: SnapshotArgument, asked: RunContext
) -> RollbackTarget:
    if snapshot.instance not in (asked.config.label, given.instance):
        raise UsageError(
            f"The snapshot is of another instance, {snapshot.instance!r}; this is "
            f"{asked.config.label!r}. If it is the same under another name, name that one, too."
        )
    facts = snapshot.facts
    if isinstance(facts.migrations, Unavailable):
        raise UsageError(f"The snapshot does not say what was applied: {facts.migrations.reason}")
    release = "" if isinstance(facts.runtime, Unavailable) else facts.runtime.nautobot
    _require_valid_pins(release, facts.packages)
    return RollbackTarget(
        f"Nautobot {release}, {format_timestamp(snapshot)}",
        frozenset(facts.migrations.recorded),
        facts.fingerprints,
        facts.packages,
        datetime.fromisoformat(snapshot.created),
        release,
        given.file or "snapshot.json.gz",
        (("nautobot", release),) if release else (),
    )


def _require_valid_pins(release: str, packages: Packages | Unavailable) -> None:
    """Refuse names and versions that are none: they go into a file of requirements.

    The seal of a snapshot tells that it was not damaged, not who has made it.
    """
    installed = () if isinstance(packages, Unavailable) else packages.installed
    pins = [f"{one.name}=={one.version}" for one in installed]
    pins += [f"nautobot=={release}"] if release else []
    for pin in pins:
        if not PIN.fullmatch(pin):
            raise UsageError(f"The snapshot names a package that cannot be one: {pin[:100]!r}.")


def _from_release(text: str, migrations: Migrations, asked: RunContext) -> RollbackTarget:
    """Take core's migrations of a release; those of Apps stay."""
    version = _normalize_version(text)
    catalog = asked.catalog
    if isinstance(catalog, Unavailable):
        raise UsageError(catalog.reason)
    try:
        known_set = catalog.migrations(version)
    except ValueError:
        raise UsageError(f"{text[:60]!r} is no release of Nautobot.") from None
    if known_set is None:
        raise UsageError(f"The catalog knows no Nautobot {version}. {catalog.coverage}")
    recorded = frozenset(
        key
        for key in migrations.recorded
        if key.partition(".")[0] not in catalog.core_apps or key in known_set
    )
    missing = sorted(known_set - set(migrations.recorded))
    if missing:
        raise UsageError(
            f"Nautobot {version} is no state to go back to: its migration {missing[0]} is not "
            "applied here. To go forward, run Preflight."
        )
    named = (("nautobot", version),)
    return RollbackTarget(
        f"Nautobot {version}",
        recorded,
        STATE_UNAVAILABLE,
        STATE_UNAVAILABLE,
        None,
        version,
        named=named,
    )


def _from_requirements(
    words: Sequence[str], migrations: Migrations, asked: RunContext, installed: InstalledPackages
) -> RollbackTarget:
    """Take core and Apps back to releases of theirs; what is not named stays."""
    recorded, release = frozenset(migrations.recorded), ""
    named = tuple(map(_parse_pin, words))
    names = [name for name, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"{twice} is named twice.")
    # With core, all packages go back, and nobody has said to what.
    whole = "nautobot" in dict(named)
    packages = STATE_UNAVAILABLE if whole else _with_versions(dict(named), installed.packages)
    together = replace(installed, packages=packages)
    for name, version in named:
        if name == "nautobot":
            recorded &= _from_release(version, migrations, asked).recorded
            release = version
        else:
            recorded &= _from_app_release(name, version, migrations, together)
    label = ", ".join(f"{name} {version}" for name, version in named)
    return RollbackTarget(label, recorded, STATE_UNAVAILABLE, packages, None, release, named=named)


def _parse_pin(text: str) -> tuple[str, str]:
    """Return a distribution and its version.

    Raises:
        UsageError: The text names something else.
    """
    try:
        stated = Requirement(text)
    except InvalidRequirement:
        stated = None
    specifiers = list(stated.specifier) if stated and not (stated.url or stated.marker) else []
    if not stated or len(specifiers) != 1 or "*" in specifiers[0].version:
        raise UsageError(f"{text[:60]!r} is no release; name one such as nautobot-ssot==4.7.0.")
    return canonicalize_name(stated.name), _normalize_version(specifiers[0].version)


def _normalize_version(version: str) -> str:
    """Return a version without what says nothing, such as a leading v."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return version.strip()


def _from_app_release(
    name: str, version: str, migrations: Migrations, installed: InstalledPackages
) -> frozenset[str]:
    """Return what is recorded if an App goes back to a release of it."""
    app = next((one for one in installed.apps if canonicalize_name(one.distribution) == name), None)
    if app is None:
        raise UsageError(
            f"No enabled App comes with {name[:60]!r}; only the code of an App can undo what it "
            "has done."
        )
    there = installed.inspect(f"{name}=={version}", app.module)
    wanted = {f"{app.label}.{one}" for one in there.migrations}
    if unmet := _unmet_requirements(there, installed.packages):
        raise UsageError(
            f"{name} {version} does not go with what is installed: {'; '.join(unmet)}. Go back by "
            "a snapshot, with everything that was installed then."
        )
    if missing := sorted(wanted - set(migrations.recorded)):
        raise UsageError(
            f"{name} {version} is no state to go back to: its migration {missing[0]} is not "
            "applied here."
        )
    return frozenset(
        key for key in migrations.recorded if key.partition(".")[0] != app.label or key in wanted
    )


def _unmet_requirements(release: AppRelease, packages: Packages | Unavailable) -> list[str]:
    """Return what a release asks for that is not installed so."""
    if isinstance(packages, Unavailable):
        return []
    there = {canonicalize_name(one.name): one.version for one in packages.installed}
    found = []
    for line in filter(None, map(parse_requirement, release.requires)):
        if line.marker and not line.marker.evaluate({"extra": ""}):
            continue
        version = there.get(canonicalize_name(line.name))
        if version is None or not line.specifier.contains(version, prereleases=True):
            found.append(f"it wants {line}, and there is {version or 'none'}")
    return found


def _with_versions(
    versions: dict[str, str], packages: Packages | Unavailable
) -> Packages | Unavailable:
    """Return what is installed, with some in other versions."""
    if isinstance(packages, Unavailable):
        return packages
    return replace(
        packages,
        installed=tuple(
            replace(one, version=versions[name], local=False)
            if (name := canonicalize_name(one.name)) in versions
            else one
            for one in packages.installed
        ),
    )


def _from_migration(
    app: str, name: str, migrations: Migrations, installed: InstalledPackages
) -> RollbackTarget:
    """Take one App back to a migration of it; what builds on it goes along."""
    try:
        recorded = before(migrations, app, name)
    except KeyError:
        raise UsageError(_unknown_migration_message(app, name, migrations)) from None
    found = next((one for one in installed.apps if one.label == app), None)
    alone = Alone(app, found.module, found.distribution, found.version, name) if found else None
    return RollbackTarget(
        f"{app} {name}", recorded, STATE_UNAVAILABLE, STATE_UNAVAILABLE, None, alone=alone
    )


def _unknown_migration_message(app: str, name: str, migrations: Migrations) -> str:
    own = [one.key.partition(".")[2] for one in migrations.on_disk if one.app_label == app]
    if not own:
        return f"No App {app[:60]!r} with migrations is on disk; only its own code can undo them."
    if name in own:
        return f"{app}.{name} is not applied; that is no state to go back to."
    near = get_close_matches(name, own, n=1, cutoff=0.3)
    return f"{app} has no migration {name[:60]!r}; did you mean {(near or own[-1:])[0]}?"
