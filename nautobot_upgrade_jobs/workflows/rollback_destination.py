"""Parse the state to roll back to: a snapshot, releases, or a migration of one App."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..common.errors import UsageError
from ..facts import Migrations, Packages, Unavailable
from ..migration_graph.reverse_plan import ZERO, recorded_after_reverse
from ..rollback.package_set import SingleAppRollback
from ..snapshot.file_format import Snapshot
from ..target.app_release import AppRelease
from ..target.requirement_lines import PIN, parse_requirement
from ..upgrade.installed_packages import installed_versions
from .compare import format_timestamp
from .context import RunContext
from .rollback_target import (
    STATE_UNAVAILABLE,
    InstalledPackages,
    RollbackTarget,
    SnapshotArgument,
)


def parse_rollback_target(
    text: str,
    given: SnapshotArgument,
    migrations: Migrations,
    context: RunContext,
    installed: InstalledPackages,
) -> RollbackTarget:
    """Return the state to roll back to.

    Args:
        text: A release, distributions with versions, or "APP MIGRATION". Empty with a snapshot.
        given: The snapshot to roll back to, if there is one.
        migrations: Migrations on disk and in the database.
        context: The validated request.
        installed: The installed packages.

    Raises:
        UsageError: Both or neither are given, or the argument names no state of this instance.
    """
    if given.snapshot and text.strip():
        raise UsageError("The state before the upgrade is given twice: by a snapshot and by name.")
    if given.snapshot:
        return _from_snapshot(given.snapshot, given, context)
    words = text.split()
    if words and all("==" in word for word in words):
        return _from_requirements(words, migrations, context, installed)
    if len(words) == 2:
        return _from_migration(words[0], words[1], migrations, installed)
    if len(words) == 1:
        return _from_release(words[0], migrations, context)
    raise UsageError(
        "Name the state to roll back to: a snapshot, a release such as 2.4.44, releases of Apps "
        "such as 'nautobot-example==1.0.0', or an App and the last of its migrations to keep, such "
        f"as 'example 0004_x' or 'example {ZERO}'."
    )


def _from_snapshot(
    snapshot: Snapshot, given: SnapshotArgument, context: RunContext
) -> RollbackTarget:
    if snapshot.instance not in (context.config.label, given.instance):
        raise UsageError(
            f"The snapshot is of another instance, {snapshot.instance!r}. This is "
            f"{context.config.label!r}. If it is the same installation, also give its earlier name."
        )
    facts = snapshot.facts
    if isinstance(facts.migrations, Unavailable):
        raise UsageError(f"The snapshot has no applied migrations: {facts.migrations.reason}")
    release = "" if isinstance(facts.runtime, Unavailable) else facts.runtime.nautobot
    _require_valid_pins(release, facts.packages)
    return RollbackTarget(
        f"Nautobot {release}, {format_timestamp(snapshot)}",
        frozenset(facts.migrations.recorded),
        facts.fingerprints,
        facts.packages,
        datetime.fromisoformat(snapshot.created),
        release=release,
        snapshot=given.file or "snapshot.json.gz",
        named_versions=(("nautobot", release),) if release else (),
    )


def _require_valid_pins(release: str, packages: Packages | Unavailable) -> None:
    """Raise an error for invalid packages, because they are written into a requirements file.

    The digest of a snapshot shows that the file is undamaged, but not who made it.
    """
    installed = () if isinstance(packages, Unavailable) else packages.installed
    pins = [f"{package.name}=={package.version}" for package in installed]
    pins += [f"nautobot=={release}"] if release else []
    for pin in pins:
        if not PIN.fullmatch(pin):
            raise UsageError(f"The snapshot has an invalid package: {pin[:100]!r}.")


def _from_release(text: str, migrations: Migrations, context: RunContext) -> RollbackTarget:
    """Return the state with a release's Nautobot migrations and the current App migrations."""
    version = _normalize_version(text)
    catalog = context.catalog
    if isinstance(catalog, Unavailable):
        raise UsageError(catalog.reason)
    try:
        known_set = catalog.migrations(version)
    except ValueError:
        raise UsageError(f"{text[:60]!r} is not a Nautobot release.") from None
    if known_set is None:
        raise UsageError(f"The catalog does not contain Nautobot {version}. {catalog.coverage}")
    recorded = frozenset(
        key
        for key in migrations.recorded
        if key.partition(".")[0] not in catalog.core_apps or key in known_set
    )
    missing = sorted(known_set - set(migrations.recorded))
    if missing:
        raise UsageError(
            f"Nautobot {version} is not an earlier state: its migration {missing[0]} is not "
            "applied here. To upgrade, run Preflight."
        )
    named = (("nautobot", version),)
    return RollbackTarget(
        f"Nautobot {version}",
        recorded,
        STATE_UNAVAILABLE,
        STATE_UNAVAILABLE,
        None,
        release=version,
        named_versions=named,
    )


def _from_requirements(
    words: Sequence[str], migrations: Migrations, context: RunContext, installed: InstalledPackages
) -> RollbackTarget:
    """Return the state with these releases of Nautobot and Apps. Other Apps stay unchanged."""
    recorded, release = frozenset(migrations.recorded), ""
    named = tuple(map(_parse_pin, words))
    names = [name for name, _ in named]
    if duplicate := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"{duplicate} is named twice.")
    # A rollback of Nautobot changes all packages to unknown versions.
    includes_core = "nautobot" in dict(named)
    packages = (
        STATE_UNAVAILABLE if includes_core else _with_versions(dict(named), installed.packages)
    )
    previous = replace(installed, packages=packages)
    for name, version in named:
        if name == "nautobot":
            recorded &= _from_release(version, migrations, context).recorded
            release = version
        else:
            recorded &= _from_app_release(name, version, migrations, previous)
    label = ", ".join(f"{name} {version}" for name, version in named)
    return RollbackTarget(
        label, recorded, STATE_UNAVAILABLE, packages, None, release=release, named_versions=named
    )


def _parse_pin(text: str) -> tuple[str, str]:
    """Return a distribution and its version.

    Raises:
        UsageError: The text is not a pin.
    """
    try:
        stated = Requirement(text)
    except InvalidRequirement:
        stated = None
    specifiers = list(stated.specifier) if stated and not (stated.url or stated.marker) else []
    if not stated or len(specifiers) != 1 or "*" in specifiers[0].version:
        raise UsageError(f"{text[:60]!r} is not a release such as nautobot-ssot==4.7.0.")
    return canonicalize_name(stated.name), _normalize_version(specifiers[0].version)


def _normalize_version(version: str) -> str:
    """Return a version in its normal form, such as 2.4.44 for v2.4.44."""
    try:
        return str(Version(version))
    except InvalidVersion:
        return version.strip()


def _from_app_release(
    name: str, version: str, migrations: Migrations, installed: InstalledPackages
) -> frozenset[str]:
    """Return the recorded migrations after a rollback of an App to one of its releases."""
    app = next((app for app in installed.apps if canonicalize_name(app.distribution) == name), None)
    if app is None:
        raise UsageError(
            f"No enabled App is part of {name[:60]!r}. Only the code of an App can reverse its "
            "migrations."
        )
    inspected = installed.inspect(f"{name}=={version}", app.module)
    kept = {f"{app.label}.{migration}" for migration in inspected.migrations}
    if unmet := _unmet_requirements(inspected, installed.packages):
        raise UsageError(
            f"{name} {version} conflicts with installed packages: {'; '.join(unmet)}. Roll back to "
            "a snapshot, with all packages of that time."
        )
    if missing := sorted(kept - set(migrations.recorded)):
        raise UsageError(
            f"{name} {version} is not an earlier state: its migration {missing[0]} is not applied "
            "here."
        )
    return frozenset(
        key for key in migrations.recorded if key.partition(".")[0] != app.label or key in kept
    )


def _unmet_requirements(release: AppRelease, packages: Packages | Unavailable) -> list[str]:
    """Return the requirements of a release that the installed packages do not meet."""
    if isinstance(packages, Unavailable):
        return []
    versions = installed_versions(packages)
    unmet = []
    for requirement in filter(None, map(parse_requirement, release.requires)):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = versions.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f"it requires {requirement}, but {version or 'no version'} is installed")
    return unmet


def _with_versions(
    versions: dict[str, str], packages: Packages | Unavailable
) -> Packages | Unavailable:
    """Return the installed packages, with other versions of some packages."""
    if isinstance(packages, Unavailable):
        return packages
    return replace(
        packages,
        installed=tuple(
            replace(package, version=versions[name], local=False)
            if (name := canonicalize_name(package.name)) in versions
            else package
            for package in packages.installed
        ),
    )


def _from_migration(
    app: str, name: str, migrations: Migrations, installed: InstalledPackages
) -> RollbackTarget:
    """Return the state after ``migrate APP NAME``, which also reverses dependent migrations."""
    try:
        recorded = recorded_after_reverse(migrations, app, name)
    except KeyError:
        raise UsageError(_unknown_migration_message(app, name, migrations)) from None
    enabled = next((item for item in installed.apps if item.label == app), None)
    if enabled is None:
        raise UsageError(
            f"{app} is not an App in PLUGINS, but a part of Nautobot. The installed release needs "
            "all of its migrations. Name a snapshot or an earlier release, such as 2.4.44."
        )
    single_app = SingleAppRollback(app, enabled.module, enabled.distribution, enabled.version, name)
    return RollbackTarget(
        f"{app} {name}", recorded, STATE_UNAVAILABLE, STATE_UNAVAILABLE, None, single_app=single_app
    )


def _unknown_migration_message(app: str, name: str, migrations: Migrations) -> str:
    names = [
        migration.key.partition(".")[2]
        for migration in migrations.on_disk
        if migration.app_label == app
    ]
    if not names:
        return (
            f"No App {app[:60]!r} with migrations is on disk. Only the code of an App can reverse "
            "its migrations."
        )
    if name in names:
        return f"{app}.{name} is not applied, so it is not an earlier state."
    near = get_close_matches(name, names, n=1, cutoff=0.3)
    return f"{app} has no migration {name[:60]!r}. Did you mean {(near or names[-1:])[0]}?"
