"""Run benchmarks, print their figures as a table, and compare them with their limits.

Usage: ``python -m benchmarks [--short] NAME...`` inside an instance of the stack. ``--short``
measures less data in fewer rounds. The figures are also written to
``.stack/benchmarks/NAME-VERSION-DATABASE.json``. The exit code is 1 if a figure is over its limit.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import nautobot

from .figures import Figure

RESULTS = Path(__file__).parents[1] / ".stack" / "benchmarks"
ROW = "{:<42} {:>10} {:<32} {:>10} {:>7} {:>6}  {}"


def main() -> int:
    """Run the benchmarks of the command line. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="less data, fewer rounds")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a module of this package")
    options = parser.parse_args()
    modules = {name: importlib.import_module(f"{__package__}.{name}") for name in options.names}
    nautobot.setup()  # A module can set variables of the environment that it needs.
    print(ROW.format("figure", "seconds", "peer", "seconds", "ratio", "limit", ""), flush=True)
    is_over = False
    for name, module in modules.items():
        figures = []
        for figure in module.measure(is_short=options.short):
            print(format_figure(figure), flush=True)
            figures.append(figure)
        write_results(name, figures)
        is_over |= any(each.is_over for each in figures)
    return int(is_over)


def format_figure(figure: Figure) -> str:
    """Return the row of a figure."""
    limit = "" if figure.limit is None else f"{figure.limit:.3g}"
    result = "" if figure.limit is None else "OVER" if figure.is_over else "ok"
    return ROW.format(
        figure.name,
        f"{figure.seconds:.3f}",
        figure.peer,
        f"{figure.peer_seconds:.3f}",
        f"{figure.ratio:.3f}",
        limit,
        result,
    ).rstrip()


def write_results(name: str, figures: Iterable[Figure]) -> None:
    """Write the figures of a benchmark to its file."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}-{os.environ['STACK_VERSION']}-{os.environ['STACK_ENGINE']}.json"
    rows = [dataclasses.asdict(each) | {"ratio": each.ratio} for each in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
