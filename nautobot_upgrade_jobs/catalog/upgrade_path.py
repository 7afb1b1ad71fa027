"""Which releases to stop at between a source and a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from packaging.version import Version

from .records import Advice, Release, ReleaseLine, UpgradeStop
from .versions import parse_version


@dataclass(frozen=True)
class UpgradePath:
    """An upgrade from a source to a target, and what the catalog knows of both ends."""

    source: Version
    target: Version
    source_release: Release | None
    """Whose requirements the source has; None if unknown."""
    target_release: Release | None
    """Whose requirements the target has; None if unknown."""
    not_after: date | None
    """The day of the target's release: a younger stop would carry fixes that the target lacks."""

    def allows(self, release: Release) -> bool:
        """Tell whether a release lies on the way."""
        between = self.source < parse_version(release.version) < self.target
        return between and (self.not_after is None or release.date <= self.not_after)


def required_stops(
    journey: UpgradePath, lines: Iterable[ReleaseLine], advice: Iterable[Advice]
) -> list[UpgradeStop]:
    """List the stops of a journey, in order of version."""
    by_name = {line.name: line for line in lines}
    stops = list(_recommended_stops(journey, by_name, advice))
    bridge = _shared_python_stop(journey, by_name.values(), stops)
    if bridge:
        stops = [stop for stop in stops if stop.release != bridge.release] + [bridge]
    return sorted(stops, key=lambda stop: parse_version(stop.release))


def _recommended_stops(
    journey: UpgradePath, lines: dict[str, ReleaseLine], advice: Iterable[Advice]
) -> Iterator[UpgradeStop]:
    """Apply upstream's advice: the newest release of the advised line that lies on the way."""
    for each in advice:
        if journey.source < parse_version(each.source_below) and journey.target >= parse_version(
            each.target_from
        ):
            for release in [r for r in lines[each.line].releases if journey.allows(r)][-1:]:
                yield UpgradeStop(release.version, "recommended", each.reason, each.reference)


def _shared_python_stop(
    journey: UpgradePath, lines: Iterable[ReleaseLine], stops: list[UpgradeStop]
) -> UpgradeStop | None:
    """Find the release that shares a Python version with each end, if the ends share none."""
    start, end = journey.source_release, journey.target_release
    if start is None or end is None or _shared_pythons(start, end):
        return None
    releases = [release for line in lines for release in line.releases]
    fitting = {
        release.version: release
        for release in releases
        if journey.allows(release)
        and _shared_pythons(start, release)
        and _shared_pythons(release, end)
    }
    advised = [stop for stop in stops if stop.release in fitting]
    if not fitting:
        return None
    release = fitting[advised[0].release] if advised else list(fitting.values())[-1]
    reason = (
        f"Nautobot {journey.source} and {journey.target} have no Python version in common;"
        f" {release.version} runs on {_format_pythons(_shared_pythons(start, release))} like the"
        f" one and on {_format_pythons(_shared_pythons(release, end))} like the other."
    )
    if advised:
        return replace(advised[0], kind="required", reason=f"{reason} {advised[0].reason}")
    return UpgradeStop(release.version, "required", reason, release.reference)


def _shared_pythons(one: Release, other: Release) -> tuple[str, ...]:
    return tuple(python for python in one.python_tested if python in other.python_tested)


def _format_pythons(pythons: tuple[str, ...]) -> str:
    return f"Python {' and '.join(pythons)}"
