"""The release to come, as far as the catalog knows it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from ..facts.base import Unavailable
from . import Catalog, Release

BEFORE_FIRST_RELEASE = "0"
"""Where a database is whose migrations are those of no release: stopped on its way."""
MAX_VERSION_LENGTH = 40
"""Characters; no Nautobot version comes near it."""
EXAMPLE_VERSION = "3.2.7"


class TargetError(ValueError):
    """The requested target cannot be judged; the message says what to ask for instead."""


@dataclass(frozen=True)
class Target:
    """What the operator wants to run, beside what runs now."""

    version: str
    installed: str
    release: Release | Unavailable
    """Requirements and date of the target."""
    installed_release: Release | Unavailable
    chosen: bool
    """True if the operator named it, False if it is the default."""
    schema_release: str = ""
    """The release whose schema the database has, where it is not the installed one: new code has
    been installed and not migrated."""

    def crosses(self, version: str) -> bool:
        """Tell whether the upgrade passes a version: the database is below it, the target is not.

        Pre-releases count as the release that they lead to.
        """
        boundary = Version(version)
        return (
            _base_version(self.schema_release or self.installed)
            < boundary
            <= _base_version(self.version)
        )


def choose_target(catalog: Catalog | Unavailable, installed: str, requested: str = "") -> Target:
    """Find the release that a request means.

    Args:
        catalog: The releases that are known, or why they are not.
        installed: The installed version of Nautobot.
        requested: A version, or a line such as ``3.2``, which means its newest known release;
            blank means the installed line.

    Returns:
        The target; its requirements are unavailable where the catalog does not know the release.

    Raises:
        TargetError: The request is no version, or no such release was ever published.
    """
    if requested.strip():
        version = _parse_requested_version(catalog, requested.strip())
    else:
        version = _default_target_version(catalog, installed)
    return Target(
        version=str(version),
        installed=installed,
        release=_find_release(catalog, str(version)),
        installed_release=_find_release(catalog, installed),
        chosen=bool(requested.strip()),
    )


def _default_target_version(catalog: Catalog | Unavailable, installed: str) -> Version:
    line = None if isinstance(catalog, Unavailable) else catalog.line(installed)
    # An installation newer than the catalog stays where it is rather than go back.
    return max(Version(line.newest.version if line else installed), Version(installed))


def _parse_requested_version(catalog: Catalog | Unavailable, text: str) -> Version:
    if len(text) > MAX_VERSION_LENGTH:
        raise TargetError(
            f"The target is {len(text)} characters long; give a version such as {EXAMPLE_VERSION}."
        )
    try:
        version = Version(text)
    except InvalidVersion:
        raise TargetError(
            f"The target {text!r} is not a version; give one such as {EXAMPLE_VERSION}."
        ) from None
    if isinstance(catalog, Unavailable):
        return version
    if re.fullmatch(r"\d+\.\d+", text) and (line := catalog.line(text)):
        return Version(line.newest.version)  # a line means its newest release
    if catalog.status(str(version)) != "nonexistent":
        return version
    line = catalog.line(str(version))
    newest = f"line {line.name} ends" if line else "the newest release is"
    newest += f" at {line.newest.version}" if line else f" {catalog.newest().version}"
    raise TargetError(f"Nautobot {version} was never released; {newest}.")


def _find_release(catalog: Catalog | Unavailable, version: str) -> Release | Unavailable:
    if isinstance(catalog, Unavailable):
        return catalog
    release = catalog.release(version)
    if release is not None:
        return release
    return Unavailable(
        f"the catalog of {catalog.date} does not know Nautobot {version}; the newest releases it"
        f" knows are {' and '.join(catalog.latest_known)}: upgrade nautobot-upgrade-jobs for a"
        " newer catalog"
    )


def _base_version(version: str) -> Version:
    return Version(Version(version).base_version)
