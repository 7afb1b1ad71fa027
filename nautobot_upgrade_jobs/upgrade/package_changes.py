"""Changes of the environment by the package set of a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name, canonicalize_version

from ..facts import Packages
from ..facts.packages import Package
from ..facts.resolution import AppReleases, Resolution

INSTALLER_PACKAGES = frozenset({"pip", "setuptools", "wheel", "uv"})
"""Packages of every environment. A package set neither requires nor removes them."""


@dataclass(frozen=True)
class PackageChange:
    """One distribution that is added, removed or changed."""

    name: str
    before: str
    """Installed version. Empty if the distribution is new."""
    after: str
    """New version. Empty if no distribution requires this one any more."""
    required_by: tuple[str, ...]

    @property
    def description(self) -> str:
        """Return the change as text."""
        if not self.before:
            return f"new: {self.after}"
        if not self.after:
            return f"{self.before}, no longer required"
        return f"{self.before} to {self.after}"


def package_changes(packages: Packages, resolution: Resolution) -> Iterator[PackageChange]:
    """Yield added, removed and changed distributions by name.

    Distributions that are excluded from the set or that are on no index are left out. A finding
    reports them.
    """
    installed: dict[str, Package] = {
        canonicalize_name(package.name): package for package in packages.installed
    }
    resolved = {package.name: package for package in resolution.packages}
    if not resolved:
        return
    for name in sorted(installed.keys() | resolved.keys()):
        old, new = installed.get(name), resolved.get(name)
        if old and (old.local or name in INSTALLER_PACKAGES or name in resolution.excluded):
            continue
        if not new and name in resolution.not_on_index:
            continue
        before, after = old.version if old else "", new.version if new else ""
        if before != after:
            yield PackageChange(name, before, after, new.required_by if new else ())


def keeps_release(app: AppReleases) -> bool:
    """Return whether the package set for the target contains the installed release of an App."""
    return canonicalize_version(app.installed) == canonicalize_version(app.compatible)


def changed_apps(resolution: Resolution) -> list[AppReleases]:
    """Return the Apps of which the package set contains another release."""
    return [app for app in resolution.apps if app.compatible and not keeps_release(app)]


def unresolvable_packages(packages: Packages, resolution: Resolution) -> tuple[str, ...]:
    """Return ``name==version`` of installed packages that are on no index and not in the set."""
    resolved = {package.name for package in resolution.packages}
    if not resolved:
        return ()
    return tuple(
        f"{package.name}=={package.version}"
        for package in packages.installed
        if canonicalize_name(package.name) not in resolved | INSTALLER_PACKAGES
        and (package.local or canonicalize_name(package.name) in resolution.not_on_index)
    )
