"""The packages of the previous state, and the files that are needed to install them again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from ..common.files import (
    KEPT_CONFIGURATION,
    KEPT_REQUIREMENTS,
    ROLLBACK_REQUIREMENTS,
    UNHASHED_ROLLBACK_REQUIREMENTS,
)
from ..deployment.known import KnownDeployment
from ..facts import Database, Packages, Runtime, Unavailable
from ..facts.backup_file import BackupFormat, Preamble
from ..facts.pinned_packages import PinnedPackages
from ..migration_graph.reverse_plan import MigrateCall
from ..upgrade.package_changes import INSTALLER_PACKAGES

PIP_LAYOUTS = ("virtualenv", "git checkout", "unknown")
"""Layouts in which pip installs into the environment of the running Nautobot."""


@dataclass(frozen=True)
class SingleAppRollback:
    """A rollback of one App only, to one of its migrations."""

    label: str
    module: str
    distribution: str
    """Empty if no distribution contains the App."""
    version: str
    """The installed version."""
    target: str
    """Name of the last migration to keep; ``zero`` to keep no migration."""


@dataclass(frozen=True, kw_only=True)
class PriorState:
    """The state to roll back to."""

    release: str = ""
    """Version of Nautobot in this state. Empty if Nautobot does not change."""
    snapshot: str = ""
    """File name of the snapshot of this state. Empty if there is none."""
    named_versions: tuple[tuple[str, str], ...] = ()
    """Distributions and versions that identify the packages of this state."""
    single_app: SingleAppRollback | None = None
    """The App, if only one App is rolled back."""

    @property
    def is_whole(self) -> bool:
        """Whether everything is rolled back, including the configuration, not only Apps."""
        return bool(self.release or self.snapshot) or not (self.named_versions or self.single_app)


@dataclass(frozen=True)
class RollbackPlan(PriorState):
    """A rollback: the current packages, the previous packages and the migrations to reverse."""

    runtime: Runtime
    deployment: KnownDeployment
    database: Database
    current_packages: Packages | Unavailable
    previous_packages: Packages | Unavailable
    calls: tuple[MigrateCall, ...]
    wheel_directory: str = ""
    """Folder to install from instead of the package index."""
    media: str = ""
    """Folder of the media files. Empty if media files are not stored in a folder."""
    backup: str = ""
    """Name of the given backup. Empty for the backup that the upgrade plan writes."""
    external_backup: str = ""
    """Program and label of a backup that no step can restore. Empty if there is none."""
    backup_format: BackupFormat | None = None
    """Format of the given backup."""
    backup_preamble: Preamble = Preamble.NONE
    """Statements of the given backup that fail in an empty database."""
    has_unhashed_packages: bool = False
    """Whether a second file lists the previous packages whose files have no hash."""
    is_half_migrated: bool = False
    """Whether the upgrade stopped inside a migration, and some of its changes remain."""

    @property
    def requirements_files(self) -> tuple[str, ...]:
        """Names of the files with the previous packages."""
        if isinstance(self.previous_packages, Unavailable):
            return (KEPT_REQUIREMENTS,)
        unhashed = (UNHASHED_ROLLBACK_REQUIREMENTS,) if self.has_unhashed_packages else ()
        return (ROLLBACK_REQUIREMENTS, *unhashed)


def required_files(plan: RollbackPlan) -> Iterator[str]:
    """Yield the files that the steps need to restore the previous packages."""
    if plan.single_app:
        return
    if plan.is_whole:
        yield KEPT_CONFIGURATION
    if uses_requirements_file(plan.deployment.layout, whole=plan.is_whole):
        yield from plan.requirements_files


def uses_requirements_file(layout: str, *, whole: bool) -> bool:
    """Return whether the steps install from a requirements file.

    Args:
        layout: The layout of the installation.
        whole: Whether everything is rolled back. Only then can the symbolic link be switched to the
            folder of the previous release.
    """
    return layout in PIP_LAYOUTS or (layout == "release link" and not whole)


def without_installers(packages: Packages) -> Packages:
    """Return the packages without pip and other installers."""
    kept = (
        package
        for package in packages.installed
        if canonicalize_name(package.name) not in INSTALLER_PACKAGES
    )
    return replace(packages, installed=tuple(kept))


def pins_without_index(previous: Packages, current: Packages, reason: str) -> PinnedPackages:
    """Return the previous packages as pins without hashes, because no index was queried."""
    pins = sorted(
        (
            f"{package.name}=={package.version}"
            for package in without_installers(previous).installed
            if not package.local
        ),
        key=str.lower,
    )
    text = "\n".join((*pins, excluded_comment(previous)))
    return PinnedPackages(text, list_unavailable_packages(previous, current), reason)


def list_unavailable_packages(
    previous: Packages, current: Packages, not_on_index: Collection[str] = ()
) -> tuple[str, ...]:
    """Return ``name==version`` of packages that are neither installed nor on an index.

    Args:
        previous: The packages of the previous state.
        current: The installed packages.
        not_on_index: Canonical names of packages that no index has.
    """
    installed = {(canonicalize_name(one.name), one.version) for one in current.installed}
    return tuple(
        f"{package.name}=={package.version}"
        for package in previous.installed
        if (package.local or canonicalize_name(package.name) in not_on_index)
        and (canonicalize_name(package.name), package.version) not in installed
    )


def excluded_comment(previous: Packages, not_on_index: Collection[str] = ()) -> str:
    """Return the packages that pip must not fetch, as comment lines.

    Args:
        previous: The packages of the previous state.
        not_on_index: Canonical names of packages that no index has.
    """
    lines = [
        f"# {package.name}=={package.version} was installed from a folder or a file\n"
        for package in previous.installed
        if package.local
    ]
    lines += [
        f"# {package.name}=={package.version} is not on the index\n"
        for package in previous.installed
        if canonicalize_name(package.name) in not_on_index
    ]
    return "".join(sorted(lines, key=str.lower))
