"""Find the releases at which an upgrade must or should stop on the way to its target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from packaging.version import Version

from .records import Advice, Release, ReleaseLine, UpgradeStop
from .versions import parse_version


@dataclass(frozen=True)
class UpgradePath:
    """An upgrade from a source to a target, with the releases of the catalog for both."""

    source: Version
    target: Version
    source_release: Release | None
    """Release whose requirements apply to the source. None if unknown."""
    target_release: Release | None
    """Release whose requirements apply to the target. None if unknown."""
    not_after: date | None
    """Date of the target. None if unknown. A later release has fixes that the target lacks."""

    def allows(self, release: Release) -> bool:
        """Return whether a release can be a stop."""
        between = self.source < parse_version(release.version) < self.target
        return between and (self.not_after is None or release.date <= self.not_after)


def required_stops(
    path: UpgradePath, lines: Iterable[ReleaseLine], advice: Iterable[Advice]
) -> list[UpgradeStop]:
    """Return the stops of an upgrade, in order of version."""
    by_name = {line.name: line for line in lines}
    stops = list(_recommended_stops(path, by_name, advice))
    bridge = _shared_python_stop(path, by_name.values(), stops)
    if bridge:
        stops = [stop for stop in stops if stop.release != bridge.release] + [bridge]
    return sorted(stops, key=lambda stop: parse_version(stop.release))


def _recommended_stops(
    path: UpgradePath, lines: dict[str, ReleaseLine], advice: Iterable[Advice]
) -> Iterator[UpgradeStop]:
    """Yield the newest allowed release of each line that Nautobot's documentation advises."""
    for each in advice:
        if path.source < parse_version(each.source_below) and path.target >= parse_version(
            each.target_from
        ):
            allowed = [release for release in lines[each.line].releases if path.allows(release)]
            if allowed:
                version = allowed[-1].version
                yield UpgradeStop(version, "recommended", each.reason, each.reference)


def _shared_python_stop(
    path: UpgradePath, lines: Iterable[ReleaseLine], stops: list[UpgradeStop]
) -> UpgradeStop | None:
    """Return a stop that shares a Python version with the source, and one with the target.

    Return None if the source and the target share a Python version, or if no release connects them.
    """
    start, end = path.source_release, path.target_release
    if start is None or end is None or _shared_pythons(start, end):
        return None
    releases = [release for line in lines for release in line.releases]
    candidates = {
        release.version: release
        for release in releases
        if path.allows(release)
        and _shared_pythons(start, release)
        and _shared_pythons(release, end)
    }
    advised = [stop for stop in stops if stop.release in candidates]
    if not candidates:
        return None
    release = candidates[advised[0].release] if advised else list(candidates.values())[-1]
    reason = (
        f"Nautobot {path.source} and {path.target} have no Python version in common."
        f" {release.version} shares {_format_pythons(_shared_pythons(start, release))} with"
        f" {path.source}, and {_format_pythons(_shared_pythons(release, end))} with {path.target}."
    )
    if advised:
        return replace(advised[0], kind="required", reason=f"{reason} {advised[0].reason}")
    return UpgradeStop(release.version, "required", reason, release.reference)


def _shared_pythons(release: Release, other: Release) -> tuple[str, ...]:
    return tuple(python for python in release.python_tested if python in other.python_tested)


def _format_pythons(pythons: tuple[str, ...]) -> str:
    return f"Python {' and '.join(pythons)}"
