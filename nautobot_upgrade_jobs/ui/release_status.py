"""Where an installation stands among the releases of Nautobot, as far as the catalog knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packaging.version import InvalidVersion, Version

from ..catalog import Catalog
from ..facts.base import Unavailable


@dataclass(frozen=True)
class ReleaseStatus:
    """The installed release, and what there is beyond it."""

    installed: str
    in_catalog: bool = False
    """Whether the catalog knows the release."""
    released: date | None = None
    age_days: int = 0
    """Since it was published."""
    latest_patch: str = ""
    """The newest release of its line; empty if that is what is installed."""
    latest: str = ""
    """The newest release of all; empty likewise."""
    maintenance: str = ""
    """What is known of the line's maintenance, as a sentence."""
    catalog_date: date | None = None
    """The day of the catalog: what was published since, it does not know."""
    unavailable_reason: str = ""
    """Why nothing is known."""


def release_status(catalog: Catalog | Unavailable, installed: str, today: date) -> ReleaseStatus:
    """Return where a release stands today.

    Args:
        catalog: The releases that are known, or why they are not.
        installed: The version of Nautobot.
        today: The day that ages are counted to.
    """
    if isinstance(catalog, Unavailable):
        return ReleaseStatus(installed, unavailable_reason=catalog.reason)
    release, line, newest = catalog.release(installed), catalog.line(installed), catalog.newest()
    if line is None:
        return ReleaseStatus(
            installed,
            latest=_if_newer(newest.version, installed),
            catalog_date=catalog.date,
            unavailable_reason="the catalog does not know its line",
        )
    return ReleaseStatus(
        installed,
        in_catalog=release is not None,
        released=release.date if release else None,
        age_days=(today - release.date).days if release else 0,
        latest_patch=_if_newer(line.newest.version, installed),
        latest=_if_newer(newest.version, installed),
        maintenance=_describe_maintenance(line.name, ltm=line.ltm, living=line.maintained),
        catalog_date=catalog.date,
    )


def _describe_maintenance(line: str, *, ltm: bool, living: bool) -> str:
    if not living:
        return f"Line {line} has ended: it gets no more patch releases, for security neither."
    if ltm:
        return f"Line {line} is the one of long-term maintenance: security and data loss alone."
    return f"Line {line} gets patch releases."


def _if_newer(version: str, installed: str) -> str:
    try:
        return version if Version(version) > Version(installed) else ""
    except InvalidVersion:
        return version
