"""The charts of a report as positions and sizes. Each chart also has its data in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..checks.findings import CheckResult, Status
from ..rollback.options import RollbackOption
from ..upgrade.overview import RISK_LEVELS
from .model import Report
from .rehearsal_text import TimedPart

WIDTH = 1000
"""Width of a chart in its own units. The page scales the chart."""
MIN_SEGMENT_WIDTH = 4
MAX_TABLES = 15
CHECK_OUTCOMES = {
    "blocker": "with a blocker",
    "warning": "with a warning",
    "not run": "could not run",
    "accepted": "accepted",
    "info": "with information",
    "passed": "passed",
    "not applicable": "not applicable",
}
"""Texts of the outcomes of a check, worst outcome first."""


@dataclass(frozen=True)
class BarSegment:
    """A segment of a bar."""

    kind: str
    """The colour class."""
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Bar:
    """A bar with its name and its data in words."""

    name: str
    segments: tuple[BarSegment, ...]
    caption: str


def build_readiness_chart(report: Report) -> tuple[Bar, ...]:
    """Build a bar for each topic from the outcomes of its checks."""
    topics: dict[str, dict[str, int]] = {}
    for result in report.results:
        counts = topics.setdefault(result.topic, dict.fromkeys(CHECK_OUTCOMES, 0))
        counts[_classify_result(report, result)] += 1
    return _build_bars(
        {topic: _drop_zeros(counts) for topic, counts in topics.items()}, CHECK_OUTCOMES
    )


def _classify_result(report: Report, result: CheckResult) -> str:
    if result.status in (Status.SKIPPED, Status.CRASHED):
        return "not run"
    if result.status is Status.NOT_APPLICABLE:
        return "not applicable"
    outcomes = {
        "accepted" if result.key(finding) in report.active_acceptances else finding.severity.value
        for finding in result.findings
    }
    return next((outcome for outcome in CHECK_OUTCOMES if outcome in outcomes), "passed")


def build_loss_chart(report: Report) -> tuple[Bar, ...]:
    """Build a bar for each feasible rollback option from the rows and values that it loses.

    Returns:
        The bars. None if no loss was counted.
    """
    decision = report.rollback_decision
    if decision is None:
        return ()
    options = [option for option in decision.options if not option.infeasible_reason]
    bars = _build_bars({option.title: _count_losses(option) for option in options}, {})
    if not any(bar.segments for bar in bars):
        return ()
    return tuple(
        replace(bar, caption=_describe_losses(bar, option))
        for bar, option in zip(bars, options, strict=True)
    )


def _count_losses(option: RollbackOption) -> dict[str, int]:
    counts: dict[str, int] = {}
    for loss in option.losses:
        counts[loss.kind] = counts.get(loss.kind, 0) + (loss.count or 0)
    return _drop_zeros(counts)


def _describe_losses(bar: Bar, option: RollbackOption) -> str:
    """Return the losses in words, including losses that were not counted."""
    uncounted = dict.fromkeys(loss.kind for loss in option.losses if loss.count is None)
    texts = [f"{kind}: not counted" for kind in uncounted]
    return ", ".join([bar.caption, *texts] if bar.segments else texts or [bar.caption])


def build_table_chart(report: Report) -> tuple[tuple[Bar, Bar], ...]:
    """Build bars of the rows before and after, for the tables that changed most."""
    tables = [
        (change.subject, *change.row_counts)
        for change in report.changes
        if change.row_counts and change.row_counts[0] != change.row_counts[1]
    ]
    tables = sorted(tables, key=lambda table: -abs(table[1] - table[2]))[:MAX_TABLES]
    largest = max((max(before, after) for _, before, after in tables), default=0)
    return tuple(
        (
            Bar(name, (_build_segment("before", 0, before, largest),), str(before)),
            Bar(name, (_build_segment("after", 0, after, largest),), str(after)),
        )
        for name, before, after in tables
    )


def build_duration_chart(parts: Sequence[TimedPart]) -> tuple[Bar, ...]:
    """Build a bar for each part of a process, each at its place on one axis of time."""
    end = max((part.begin + part.seconds for part in parts), default=0.0) or 1.0
    return tuple(
        Bar(
            part.name,
            (
                BarSegment(
                    "stops" if part.has_failed else "code",
                    round(part.begin / end * (WIDTH - MIN_SEGMENT_WIDTH), 1),
                    max(MIN_SEGMENT_WIDTH, round(part.seconds / end * WIDTH, 1)),
                    f"{part.name}: {part.seconds:.1f} s, {part.details}".rstrip(", "),
                ),
            ),
            part.details if part.has_failed else f"{part.seconds:.1f} s",
        )
        for part in parts
    )


def build_timeline(report: Report) -> tuple[BarSegment, ...]:
    """Build a segment for each pending migration, in order and coloured by risk."""
    migrations = report.overview.migrations if report.overview else ()
    width = WIDTH / max(len(migrations), 1)
    return tuple(
        BarSegment(
            migration.risk,
            round(index * width, 1),
            round(width, 1),
            f"{index + 1}. {migration.migration}: {migration.text}",
        )
        for index, migration in enumerate(migrations)
    )


def count_risks(report: Report) -> Iterator[tuple[str, str, int]]:
    """Yield each risk of a pending migration: its kind, its text and the number of migrations."""
    risks = report.overview.migrations if report.overview else ()
    counts = Counter((risk.risk, risk.text) for risk in risks)
    for (kind, text), number in sorted(
        counts.items(), key=lambda item: RISK_LEVELS.index(item[0][0])
    ):
        yield kind, text, number


def _build_bars(rows: dict[str, dict[str, int]], texts: Mapping[str, str]) -> tuple[Bar, ...]:
    """Build a bar for each row of counts, all on the same scale."""
    largest = max((sum(counts.values()) for counts in rows.values()), default=0)
    bars = []
    for name, counts in rows.items():
        segments, start = [], 0
        for kind, number in counts.items():
            segments.append(_build_segment(kind, start, number, largest))
            start += number
        caption = ", ".join(f"{number} {texts.get(kind, kind)}" for kind, number in counts.items())
        bars.append(Bar(name, tuple(segments), caption or "nothing"))
    return tuple(bars)


def _build_segment(kind: str, start: int, number: int, largest: int) -> BarSegment:
    scale = WIDTH / max(largest, 1)
    width = max(number * scale, MIN_SEGMENT_WIDTH if number else 0)
    return BarSegment(
        kind.replace(" ", "-"), round(start * scale, 1), round(width, 1), f"{number} {kind}"
    )


def _drop_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {kind: number for kind, number in counts.items() if number}
