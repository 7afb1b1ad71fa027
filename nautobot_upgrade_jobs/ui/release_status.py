"""Where an installation stands among the releases of Nautobot, as far as the catalog knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from packaging.version import InvalidVersion, Version

from ..catalog import Catalog
from ..facts.base import Unavailable


@dataclass(frozen=True)
class Standing:
    """The installed release, and what there is beyond it."""

    installed: str
    known: bool = False
    """Whether the catalog knows the release."""
    released: date | None = None
    days: int = 0
    """Since it was published."""
    patch: str = ""
    """The newest release of its line; empty if that is what is installed."""
    newest: str = ""
    """The newest release of all; empty likewise."""
    maintenance: str = ""
    """What is known of the line's maintenance, as a sentence."""
    catalog: date | None = None
    """The day of the catalog: what was published since, it does not know."""
    why_not: str = ""
    """Why nothing is known."""


def standing(catalog: Catalog | Unavailable, installed: str, today: date) -> Standing:
    """Return where a release stands today.

    Args:
        catalog: The releases that are known, or why they are not.
        installed: The version of Nautobot.
        today: The day that ages are counted to.
    """
    if isinstance(catalog, Unavailable):
        return Standing(installed, why_not=catalog.reason)
    release, line, newest = catalog.release(installed), catalog.line(installed), catalog.newest()
    if line is None:
        return Standing(
            installed,
            newest=_beyond(newest.version, installed),
            catalog=catalog.date,
            why_not="the catalog does not know its line",
        )
    return Standing(
        installed,
        known=release is not None,
        released=release.date if release else None,
        days=(today - release.date).days if release else 0,
        patch=_beyond(line.newest.version, installed),
        newest=_beyond(newest.version, installed),
        maintenance=_maintenance(line.name, ltm=line.ltm, living=line.living),
        catalog=catalog.date,
    )


def _maintenance(line: str, *, ltm: bool, living: bool) -> str:
    if not living:
        return f"Line {line} has ended: it gets no more patch releases, for security neither."
    if ltm:
        return f"Line {line} is the one of long-term maintenance: security and data loss alone."
    return f"Line {line} gets patch releases."


def _beyond(version: str, installed: str) -> str:
    try:
        return version if Version(version) > Version(installed) else ""
    except InvalidVersion:
        return version
