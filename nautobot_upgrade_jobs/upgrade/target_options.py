"""The releases to which an installation can be upgraded, as far as the catalog knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet

from ..catalog import Advisory, Catalog, Release, UpgradeStop
from ..catalog.versions import parse_version


@dataclass(frozen=True)
class TargetOption:
    """A release to which the installation can be upgraded."""

    release: Release
    roles: tuple[str, ...]
    """Why the release is a choice, such as ``newest release``."""
    fixes: tuple[Advisory, ...]
    """Security advisories that concern the installed release and not this one."""
    remaining: tuple[Advisory, ...]
    """Security advisories that concern this release."""
    migrations: int | None
    """Number of Nautobot's own migrations between the releases. None if unknown."""
    obstacle: str = ""
    """Why the release cannot be the next one, as far as the catalog knows. Empty if it can."""
    is_recommended: bool = False

    @property
    def version(self) -> str:
        """The version of the release."""
        return self.release.version


def list_target_options(catalog: Catalog, installed: str, python: str) -> tuple[TargetOption, ...]:
    """Return the releases to choose from, oldest first.

    These are the newest release of the installed line and of each maintained line, and the stops
    before the newest release of all.

    Args:
        catalog: The known releases.
        installed: The installed version of Nautobot.
        python: The Python that runs it, such as ``3.11.9``.
    """
    stops = catalog.upgrade_stops(installed, catalog.newest().version)
    newer = {
        release.version: release
        for release in _list_candidates(catalog, installed, stops)
        if parse_version(release.version) > parse_version(installed)
    }
    options = [
        TargetOption(
            release,
            tuple(_find_roles(catalog, release, installed, stops)),
            _list_fixes(catalog, installed, release.version),
            catalog.open_advisories(release.version),
            _count_migrations(catalog, installed, release.version),
            _find_obstacle(catalog, installed, release, python),
        )
        for release in sorted(newer.values(), key=lambda each: parse_version(each.version))
    ]
    recommended = _recommend_target(catalog, installed, options)
    return tuple(
        replace(option, is_recommended=option.version == recommended) for option in options
    )


def _recommend_target(catalog: Catalog, installed: str, options: Iterable[TargetOption]) -> str:
    """Return the version to upgrade to next. Empty if there is none.

    This is the newest patch of the installed line while the line is maintained. Otherwise it is the
    newest release that can be the next one.
    """
    possible = [option.version for option in options if not option.obstacle]
    line = catalog.line(installed)
    if line and line.maintained and line.newest.version in possible:
        return line.newest.version
    return possible[-1] if possible else ""


def _list_candidates(
    catalog: Catalog, installed: str, stops: tuple[UpgradeStop, ...]
) -> Iterator[Release]:
    own = catalog.line(installed)
    yield from (line.newest for line in catalog.lines if line.maintained or line is own)
    yield from filter(None, (catalog.release(stop.release) for stop in stops))


def _find_roles(
    catalog: Catalog, release: Release, installed: str, stops: tuple[UpgradeStop, ...]
) -> Iterator[str]:
    own = catalog.line(installed)
    if own and release is own.newest:
        yield "newest patch of the installed line"
    if release is catalog.newest():
        yield "newest release"
    if release.ltm:
        yield "long-term maintenance"
    for stop in stops:
        if stop.release == release.version:
            yield f"{stop.kind} stop"


def _list_fixes(catalog: Catalog, installed: str, version: str) -> tuple[Advisory, ...]:
    remaining = catalog.open_advisories(version)
    found = catalog.open_advisories(installed)
    return tuple(advisory for advisory in found if advisory not in remaining)


def _count_migrations(catalog: Catalog, installed: str, version: str) -> int | None:
    before, after = catalog.migrations(installed), catalog.migrations(version)
    return None if before is None or after is None else len(after - before)


def _find_obstacle(catalog: Catalog, installed: str, release: Release, python: str) -> str:
    for stop in catalog.upgrade_stops(installed, release.version):
        if stop.kind == "required":
            return f"upgrade to {stop.release} first"
    if not SpecifierSet(release.python).contains(python, prereleases=True):
        return f"needs Python {release.python}, but {python} is running"
    return ""
