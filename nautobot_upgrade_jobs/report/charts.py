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
MIN_SEGMENT_WIDTH = 4
MAX_TABLES = 15
CHECK_OUTCOMES = {
    "blocker": "with a blocker",
    "warning": "with a warning",
    "unseen": "could not look",
    "accepted": "accepted",
    "info": "with something to know",
    "passed": "passed",
    "idle": "not applicable",
}
"""What became of a check, and how it is said; the worst first."""
ROW_COUNT = re.compile(r"(\d+) rows?")


@dataclass(frozen=True)
class BarSegment:
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
    segments: tuple[BarSegment, ...]
    caption: str


def build_readiness_chart(report: Report) -> tuple[Bar, ...]:
    """Draw what became of the checks, topic by topic."""
    topics: dict[str, dict[str, int]] = {}
    for result in report.results:
        counts = topics.setdefault(result.topic, dict.fromkeys(CHECK_OUTCOMES, 0))
        counts[_classify_result(report, result)] += 1
    return _build_bars(
        {topic: _drop_zeros(counts) for topic, counts in topics.items()}, CHECK_OUTCOMES
    )


def _classify_result(report: Report, result: CheckResult) -> str:
    if result.status in (Status.SKIPPED, Status.CRASHED):
        return "unseen"
    if result.status is Status.NOT_APPLICABLE:
        return "idle"
    found = {
        "accepted" if result.key(one) in report.active_acceptances else one.severity.value
        for one in result.findings
    }
    return next((kind for kind in CHECK_OUTCOMES if kind in found), "passed")


def build_loss_chart(report: Report) -> tuple[Bar, ...]:
    """Draw the rows and values that each way back loses; nothing if nothing was counted."""
    ways = (
        [one for one in report.rollback_decision.ways if not one.why_not]
        if report.rollback_decision
        else []
    )
    bars = _build_bars({way.title: _count_losses(way) for way in ways}, {})
    if not any(bar.segments for bar in bars):
        return ()
    return tuple(
        replace(bar, caption=_describe_losses(bar, way))
        for bar, way in zip(bars, ways, strict=True)
    )


def _count_losses(way: Way) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in way.losses:
        found[one.kind] = found.get(one.kind, 0) + (one.number or 0)
    return _drop_zeros(found)


def _describe_losses(bar: Bar, way: Way) -> str:
    """Say what is lost, and what of it no bar can show."""
    unknown = dict.fromkeys(one.kind for one in way.losses if one.number is None)
    said = [f"{kind}: not counted" for kind in unknown]
    return ", ".join([bar.caption, *said] if bar.segments else said or [bar.caption])


def build_table_chart(report: Report) -> tuple[tuple[Bar, Bar], ...]:
    """Draw the rows before and after, of the tables whose number changed most."""
    found = [
        (one.subject, _parse_row_count(one.before), _parse_row_count(one.after))
        for one in report.changes
        if ROW_COUNT.fullmatch(one.before) or ROW_COUNT.fullmatch(one.after)
    ]
    found = sorted(found, key=lambda one: -abs(one[1] - one[2]))[:MAX_TABLES]
    most = max((max(was, now) for _, was, now in found), default=0)
    return tuple(
        (
            Bar(name, (_build_segment("before", 0, was, most),), str(was)),
            Bar(name, (_build_segment("after", 0, now, most),), str(now)),
        )
        for name, was, now in found
    )


def _parse_row_count(text: str) -> int:
    counted = ROW_COUNT.fullmatch(text)
    return int(counted[1]) if counted else 0


def build_timeline(report: Report) -> tuple[BarSegment, ...]:
    """Draw the migrations to come one beside the other, by risk."""
    found = report.overview.migrations if report.overview else ()
    width = WIDTH / max(len(found), 1)
    return tuple(
        BarSegment(
            one.risk,
            round(number * width, 1),
            round(width, 1),
            f"{number + 1}. {one.migration}: {RISKS[one.risk]}",
        )
        for number, one in enumerate(found)
    )


def count_risks(report: Report) -> Iterator[tuple[str, str, int]]:
    """Yield each risk that a migration to come has: its kind, in words, and of how many."""
    found = [one.risk for one in report.overview.migrations] if report.overview else []
    for kind, words in RISKS.items():
        if number := found.count(kind):
            yield kind, words, number


def _build_bars(lines: dict[str, dict[str, int]], words: Mapping[str, str]) -> tuple[Bar, ...]:
    """Draw a bar for each line, all by the same measure."""
    most = max((sum(one.values()) for one in lines.values()), default=0)
    bars = []
    for name, pieces in lines.items():
        parts, at = [], 0
        for kind, number in pieces.items():
            parts.append(_build_segment(kind, at, number, most))
            at += number
        said = ", ".join(f"{number} {words.get(kind, kind)}" for kind, number in pieces.items())
        bars.append(Bar(name, tuple(parts), said or "nothing"))
    return tuple(bars)


def _build_segment(kind: str, at: int, number: int, most: int) -> BarSegment:
    scale = WIDTH / max(most, 1)
    width = max(number * scale, MIN_SEGMENT_WIDTH if number else 0)
    return BarSegment(
        kind.replace(" ", "-"), round(at * scale, 1), round(width, 1), f"{number} {kind}"
    )


def _drop_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in counts.items() if number}
