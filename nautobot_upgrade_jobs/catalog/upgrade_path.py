"""Which releases to stop at between a source and a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from packaging.version import Version

from .records import Advice, Line, Release, Stop
from .versions import parse


@dataclass(frozen=True)
class Journey:
    """An upgrade from a source to a target, and what the catalog knows of both ends."""

    source: Version
    target: Version
    start: Release | None
    """Whose requirements the source has; None if unknown."""
    end: Release | None
    """Whose requirements the target has; None if unknown."""
    not_after: date | None
    """The day of the target's release: a younger stop would carry fixes that the target lacks."""

    def allows(self, release: Release) -> bool:
        """Tell whether a release lies on the way."""
        between = self.source < parse(release.version) < self.target
        return between and (self.not_after is None or release.date <= self.not_after)


def find_stops(journey: Journey, lines: Iterable[Line], advice: Iterable[Advice]) -> list[Stop]:
    """List the stops of a journey, in order of version."""
    by_name = {line.name: line for line in lines}
    stops = list(_advised(journey, by_name, advice))
    bridge = _bridge(journey, by_name.values(), stops)
    if bridge:
        stops = [stop for stop in stops if stop.release != bridge.release] + [bridge]
    return sorted(stops, key=lambda stop: parse(stop.release))


def _advised(journey: Journey, lines: dict[str, Line], advice: Iterable[Advice]) -> Iterator[Stop]:
    """Apply upstream's advice: the newest release of the advised line that lies on the way."""
    for each in advice:
        if journey.source < parse(each.source_below) and journey.target >= parse(each.target_from):
            for release in [r for r in lines[each.line].releases if journey.allows(r)][-1:]:
                yield Stop(release.version, "recommended", each.reason, each.reference)


def _bridge(journey: Journey, lines: Iterable[Line], stops: list[Stop]) -> Stop | None:
    """Find the release that shares a Python version with each end, if the ends share none."""
    start, end = journey.start, journey.end
    if start is None or end is None or _shared(start, end):
        return None
    releases = [release for line in lines for release in line.releases]
    fitting = {
        release.version: release
        for release in releases
        if journey.allows(release) and _shared(start, release) and _shared(release, end)
    }
    advised = [stop for stop in stops if stop.release in fitting]
    if not fitting:
        return None
    release = fitting[advised[0].release] if advised else list(fitting.values())[-1]
    reason = (
        f"Nautobot {journey.source} and {journey.target} have no Python version in common; "
        f"{release.version} runs on {_names(_shared(start, release))} like the one and on "
        f"{_names(_shared(release, end))} like the other."
    )
    if advised:
        return replace(advised[0], kind="required", reason=f"{reason} {advised[0].reason}")
    return Stop(release.version, "required", reason, release.reference)


def _shared(one: Release, other: Release) -> tuple[str, ...]:
    return tuple(python for python in one.python_tested if python in other.python_tested)


def _names(pythons: tuple[str, ...]) -> str:
    return f"Python {' and '.join(pythons)}"
