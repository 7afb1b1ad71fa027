"""Compare the installed release with the releases in the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packaging.version import InvalidVersion, Version

from ..catalog import Catalog
from ..facts.base import Unavailable


@dataclass(frozen=True)
class ReleaseStatus:
    """The installed release, and the newer releases."""

    installed: str
    in_catalog: bool = False
    """Whether the catalog contains the release."""
    released: date | None = None
    age_days: int = 0
    """Days since the release was published."""
    latest_patch: str = ""
    """The newest release of the line. Empty if the installed release is as new."""
    latest: str = ""
    """The newest release of all lines. Empty if the installed release is as new."""
    maintenance: str = ""
    """A sentence about the maintenance of the line. Empty if unknown."""
    catalog_date: date | None = None
    """The date of the catalog. Later releases are not in the catalog."""
    catalog_age_days: int = 0
    """Days since the date of the catalog."""
    unavailable_reason: str = ""
    """Reason why the status is unknown."""


def release_status(catalog: Catalog | Unavailable, installed: str, today: date) -> ReleaseStatus:
    """Return the status of an installed release on a given day.

    Args:
        catalog: The known releases, or why they are unavailable.
        installed: The installed version of Nautobot.
        today: The day for which the age is calculated.
    """
    if isinstance(catalog, Unavailable):
        return ReleaseStatus(installed, unavailable_reason=catalog.reason)
    release, line, newest = catalog.release(installed), catalog.line(installed), catalog.newest()
    if line is None:
        return ReleaseStatus(
            installed,
            latest=_if_newer(newest.version, installed),
            catalog_date=catalog.date,
            catalog_age_days=max(0, (today - catalog.date).days),
            unavailable_reason="the catalog does not contain this release line",
        )
    return ReleaseStatus(
        installed,
        in_catalog=release is not None,
        released=release.date if release else None,
        age_days=(today - release.date).days if release else 0,
        latest_patch=_if_newer(line.newest.version, installed),
        latest=_if_newer(newest.version, installed),
        maintenance=_describe_maintenance(line.name, ltm=line.ltm, maintained=line.maintained),
        catalog_date=catalog.date,
        catalog_age_days=max(0, (today - catalog.date).days),
    )


def _describe_maintenance(line: str, *, ltm: bool, maintained: bool) -> str:
    if not maintained:
        return f"Line {line} is end-of-life: no more patch releases, including security fixes."
    if ltm:
        return f"Line {line} is in long-term maintenance: only fixes for security and data loss."
    return f"Line {line} gets patch releases."


def _if_newer(version: str, installed: str) -> str:
    try:
        return version if Version(version) > Version(installed) else ""
    except InvalidVersion:
        return version
