"""Run benchmarks, print their figures as a table, and compare them with their limits.

Usage: ``python -m benchmarks [--short] NAME...`` inside an instance of the stack. ``--short``
measures less data in fewer rounds. The figures are also written to
``.stack/benchmarks/NAME-VERSION-DATABASE.json``. The exit code is 1 if a figure is over its limit
in three runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import nautobot

from .figures import SECONDS, Figure

RESULTS = Path(__file__).parents[1] / ".stack" / "benchmarks"
ATTEMPTS = 3
SHORT_SLACK = 1.15
"""Fewer rounds vary more, so the short form allows this multiple of each limit."""
ROW = "{:<42} {:>12} {:<34} {:>12} {:>7} {:>6}  {}"


def main() -> int:
    """Run the benchmarks of the command line. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="less data, fewer rounds")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a module of this package")
    options = parser.parse_args()
    modules = {name: importlib.import_module(f"{__package__}.{name}") for name in options.names}
    nautobot.setup()  # A module can set variables of the environment that it needs.
    print(ROW.format("figure", "value", "peer", "value", "ratio", "limit", ""), flush=True)
    is_over = False
    for name, module in modules.items():
        figures = measure(module.measure, is_short=options.short)
        write_results(name, figures)
        is_over |= any(each.is_over for each in figures)
    return int(is_over)


def measure(benchmark: Callable[..., Iterable[Figure]], *, is_short: bool) -> list[Figure]:
    """Run a benchmark and print its figures. Return the best of each.

    If one is over its limit, the benchmark runs again, because other work may have slowed a part of
    it. Code that is slow is slow each time.
    """
    best: dict[str, Figure] = {}
    for _ in range(ATTEMPTS):
        for figure in benchmark(is_short=is_short):
            if is_short and figure.limit is not None:
                figure = dataclasses.replace(figure, limit=figure.limit * SHORT_SLACK)
            print(format_figure(figure), flush=True)
            name = f"{figure.name}, {figure.peer}"
            best[name] = min(best.get(name, figure), figure, key=lambda each: each.ratio)
        if not any(each.is_over for each in best.values()):
            break
    return list(best.values())


def format_figure(figure: Figure) -> str:
    """Return the row of a figure."""
    limit = "" if figure.limit is None else f"{figure.limit:.3g}"
    result = "" if figure.limit is None else "OVER" if figure.is_over else "ok"
    return ROW.format(
        figure.name,
        format_value(figure.value, figure.unit),
        figure.peer,
        format_value(figure.peer_value, figure.unit),
        f"{figure.ratio:.3f}",
        limit,
        result,
    ).rstrip()


def format_value(value: float, unit: str) -> str:
    """Return a value with its unit."""
    return f"{value:.3f} {unit}" if unit == SECONDS else f"{value:.0f} {unit}"


def write_results(name: str, figures: Iterable[Figure]) -> None:
    """Write the figures of a benchmark to its file."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}-{os.environ['STACK_VERSION']}-{os.environ['STACK_ENGINE']}.json"
    rows = [dataclasses.asdict(each) | {"ratio": each.ratio} for each in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
