"""Choose the target release and find it in the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from ..facts.base import Unavailable
from . import Catalog, Release

BEFORE_FIRST_RELEASE = "0"
"""Version of a database whose migrations match no release, because an upgrade was interrupted."""
MAX_VERSION_LENGTH = 40
"""Number of characters. Every Nautobot version is far shorter."""
EXAMPLE_VERSION = "3.2.7"


class TargetError(ValueError):
    """The requested target is invalid. The message says what to request instead."""


@dataclass(frozen=True)
class Target:
    """The target of an upgrade and the installed release."""

    version: str
    installed: str
    release: Release | Unavailable
    """Requirements and date of the target."""
    installed_release: Release | Unavailable
    chosen: bool
    """Whether the operator named the target. Otherwise it is the default."""
    schema_release: str = ""
    """The release whose schema the database has. Empty for the installed release. The two differ
    after new code was installed and before `migrate` was run."""

    def crosses(self, version: str) -> bool:
        """Return whether the database is below a version and the target is not.

        A pre-release counts as its final release.
        """
        boundary = Version(version)
        return (
            _base_version(self.schema_release or self.installed)
            < boundary
            <= _base_version(self.version)
        )


def choose_target(catalog: Catalog | Unavailable, installed: str, requested: str = "") -> Target:
    """Return the target for a request.

    Args:
        catalog: The known releases, or why they are unavailable.
        installed: The installed version of Nautobot.
        requested: A version, or a line such as ``3.2`` for its newest known release. Blank for
            the installed line.

    Returns:
        The target. Its requirements are unavailable if the catalog does not contain the release.

    Raises:
        TargetError: The request is not a version, or the release was never published.
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
    # An installation newer than the catalog is not downgraded.
    return max(Version(line.newest.version if line else installed), Version(installed))


def _parse_requested_version(catalog: Catalog | Unavailable, text: str) -> Version:
    if len(text) > MAX_VERSION_LENGTH:
        raise TargetError(
            f"The target is {len(text)} characters long. Give a version such as {EXAMPLE_VERSION}."
        )
    try:
        version = Version(text)
    except InvalidVersion:
        raise TargetError(
            f"The target {text!r} is not a version. Give one such as {EXAMPLE_VERSION}."
        ) from None
    if isinstance(catalog, Unavailable):
        return version
    if re.fullmatch(r"\d+\.\d+", text) and (line := catalog.line(text)):
        return Version(line.newest.version)  # a line means its newest release
    if catalog.status(str(version)) != "nonexistent":
        return version
    line = catalog.line(str(version))
    newest = (
        f"The newest release of line {line.name} is {line.newest.version}."
        if line
        else f"The newest release is {catalog.newest().version}."
    )
    raise TargetError(f"Nautobot {version} was never released. {newest}")


def _find_release(catalog: Catalog | Unavailable, version: str) -> Release | Unavailable:
    if isinstance(catalog, Unavailable):
        return catalog
    release = catalog.release(version)
    if release is not None:
        return release
    newest = " and ".join(catalog.latest_known)
    return Unavailable(
        f"the catalog of {catalog.date} does not contain Nautobot {version}; its newest releases "
        "are"
        f" {newest}; upgrade nautobot-upgrade-jobs to get a newer catalog"
    )


def _base_version(version: str) -> Version:
    return Version(Version(version).base_version)
