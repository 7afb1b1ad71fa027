"""The pictures of a report as what is to be drawn: places and sizes, and the same in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..checks.findings import CheckResult, Status
from ..rollback.options import Way
from ..upgrade.overview import RISKS
from .model import Report

WIDTH = 1000
"""Of a drawing, in its own units; it is as wide as there is room."""
THINNEST = 4
MOST_TABLES = 15
OUTCOMES = {
    "blocker": "with a blocker",
    "warning": "with a warning",
    "unseen": "could not look",
    "accepted": "accepted",
    "info": "with something to know",
    "passed": "passed",
    "idle": "not applicable",
}
"""What became of a check, and how it is said; the worst first."""
COUNTED = re.compile(r"(\d+) rows?")


@dataclass(frozen=True)
class Part:
    """A piece of a bar."""

    kind: str
    """By which it is coloured."""
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Bar:
    """A line of a drawing; it stands between its name and what it shows, in words."""

    name: str
    parts: tuple[Part, ...]
    words: str


def readiness(report: Report) -> tuple[Bar, ...]:
    """Draw what became of the checks, topic by topic."""
    topics: dict[str, dict[str, int]] = {}
    for result in report.results:
        counts = topics.setdefault(result.topic, dict.fromkeys(OUTCOMES, 0))
        counts[_outcome(report, result)] += 1
    return _bars({topic: _nonzero(counts) for topic, counts in topics.items()}, OUTCOMES)


def _outcome(report: Report, result: CheckResult) -> str:
    if result.status in (Status.SKIPPED, Status.CRASHED):
        return "unseen"
    if result.status is Status.NOT_APPLICABLE:
        return "idle"
    found = {
        "accepted" if result.key(one) in report.accepted else one.severity.value
        for one in result.findings
    }
    return next((kind for kind in OUTCOMES if kind in found), "passed")


def losses(report: Report) -> tuple[Bar, ...]:
    """Draw the rows and values that each way back loses; nothing if nothing was counted."""
    ways = [one for one in report.choice.ways if not one.why_not] if report.choice else []
    bars = _bars({way.title: _lost(way) for way in ways}, {})
    if not any(bar.parts for bar in bars):
        return ()
    return tuple(
        replace(bar, words=_and_uncounted(bar, way)) for bar, way in zip(bars, ways, strict=True)
    )


def _lost(way: Way) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in way.losses:
        found[one.kind] = found.get(one.kind, 0) + (one.number or 0)
    return _nonzero(found)


def _and_uncounted(bar: Bar, way: Way) -> str:
    """Say what is lost, and what of it no bar can show."""
    unknown = dict.fromkeys(one.kind for one in way.losses if one.number is None)
    said = [f"{kind}: not counted" for kind in unknown]
    return ", ".join([bar.words, *said] if bar.parts else said or [bar.words])


def tables(report: Report) -> tuple[tuple[Bar, Bar], ...]:
    """Draw the rows before and after, of the tables whose number changed most."""
    found = [
        (one.subject, _rows(one.before), _rows(one.after))
        for one in report.changes
        if COUNTED.fullmatch(one.before) or COUNTED.fullmatch(one.after)
    ]
    found = sorted(found, key=lambda one: -abs(one[1] - one[2]))[:MOST_TABLES]
    most = max((max(was, now) for _, was, now in found), default=0)
    return tuple(
        (
            Bar(name, (_part("before", 0, was, most),), str(was)),
            Bar(name, (_part("after", 0, now, most),), str(now)),
        )
        for name, was, now in found
    )


def _rows(text: str) -> int:
    counted = COUNTED.fullmatch(text)
    return int(counted[1]) if counted else 0


def timeline(report: Report) -> tuple[Part, ...]:
    """Draw the migrations to come one beside the other, by risk."""
    found = report.outlook.migrations if report.outlook else ()
    width = WIDTH / max(len(found), 1)
    return tuple(
        Part(
            one.risk,
            round(number * width, 1),
            round(width, 1),
            f"{number + 1}. {one.migration}: {RISKS[one.risk]}",
        )
        for number, one in enumerate(found)
    )


def risks(report: Report) -> Iterator[tuple[str, str, int]]:
    """Yield each risk that a migration to come has: its kind, in words, and of how many."""
    found = [one.risk for one in report.outlook.migrations] if report.outlook else []
    for kind, words in RISKS.items():
        if number := found.count(kind):
            yield kind, words, number


def _bars(lines: dict[str, dict[str, int]], words: Mapping[str, str]) -> tuple[Bar, ...]:
    """Draw a bar for each line, all by the same measure."""
    most = max((sum(one.values()) for one in lines.values()), default=0)
    bars = []
    for name, pieces in lines.items():
        parts, at = [], 0
        for kind, number in pieces.items():
            parts.append(_part(kind, at, number, most))
            at += number
        said = ", ".join(f"{number} {words.get(kind, kind)}" for kind, number in pieces.items())
        bars.append(Bar(name, tuple(parts), said or "nothing"))
    return tuple(bars)


def _part(kind: str, at: int, number: int, most: int) -> Part:
    scale = WIDTH / max(most, 1)
    width = max(number * scale, THINNEST if number else 0)
    return Part(kind.replace(" ", "-"), round(at * scale, 1), round(width, 1), f"{number} {kind}")


def _nonzero(counts: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in counts.items() if number}
