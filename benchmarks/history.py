"""Keep the figures of a run of the benchmarks, and plot all that were kept.

Usage: ``python -m benchmarks.history``, after ``make bench``. It needs no Nautobot. One run is kept
for each day, in ``benchmarks/history.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / ".stack" / "benchmarks"
HISTORY = Path(__file__).with_name("history.json")
PLOT = REPOSITORY / "docs" / "images" / "performance.svg"
WIDTH, HEIGHT = 8, 4.5
"""Inches of the plot."""


def main() -> None:
    """Add the newest figures to the history, and plot it."""
    history = json.loads(HISTORY.read_text())
    today = datetime.now(timezone.utc).date()
    history[today.isoformat()] = dict(sorted(_read_results(today)))
    HISTORY.write_text(json.dumps(history, indent=1) + "\n")
    plot(history)


def _read_results(day: date) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the figures of a day that have a limit, by the benchmark and the name."""
    for path in RESULTS.glob("*.json"):
        if datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).date() != day:
            continue  # It did not run on this day.
        for figure in json.loads(path.read_text()):
            if figure["limit"] is not None:
                name = f"{path.stem}: {figure['name']} / {figure['peer']}"
                yield name, {"ratio": round(figure["ratio"], 4), "limit": figure["limit"]}


def plot(history: dict[str, dict[str, Any]]) -> None:
    """Draw how much of its limit each figure takes, worst figure of each benchmark."""
    days = sorted(history)
    benchmarks = sorted({name.partition(":")[0] for day in days for name in history[day]})
    matplotlib.rcParams["svg.hashsalt"] = "performance"  # The same history gives the same file.
    figure, axes = pyplot.subplots(figsize=(WIDTH, HEIGHT))
    for benchmark in benchmarks:
        shares = {day: _find_worst(benchmark, history[day].items()) for day in days}
        known = {day: share for day, share in shares.items() if share}
        axes.plot(list(known), list(known.values()), marker="o", label=benchmark)
    axes.axhline(1, color="black", linestyle="--", linewidth=1)
    axes.set_ylabel("ratio / limit, of the worst figure")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="x-small", ncols=2)
    axes.tick_params(axis="x", labelrotation=30)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})


def _find_worst(benchmark: str, figures: Iterable[tuple[str, dict[str, float]]]) -> float:
    """Return the largest share of a limit that a figure of the benchmark takes; 0 without one."""
    shares = (
        each["ratio"] / each["limit"]
        for name, each in figures
        if name.partition(":")[0] == benchmark
    )
    return max(shares, default=0)


if __name__ == "__main__":
    main()
