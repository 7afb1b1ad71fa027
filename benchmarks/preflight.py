"""Compare Preflight with Nautobot's own system checks, in one warm process like a worker.

Both run in turn, so that a busy machine slows both; the ratio is the result.
Run: ``make bench``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import nautobot

ROUNDS = 15
QUERY_TOPICS = ("database", "tables", "jobs", "data")
"""Topics that query rows."""
LIMIT = 3


def seconds(function: Callable[[], object]) -> float:
    """Time one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    nautobot.setup()
    from django.core import checks

    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.workflows.context import RunRequest
    from nautobot_upgrade_jobs.workflows.preflight import run_preflight

    contenders: dict[str, Callable[[], object]] = {
        "nautobot-server check, in process": lambda: checks.run_checks(databases=["default"]),
        "data queries": lambda: collect_facts(topics=QUERY_TOPICS),
        "Preflight": lambda: run_preflight(RunRequest(target="3.2.7")),
    }
    for function in contenders.values():
        function()  # imports and caches of the first call
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, function in contenders.items():
            times[name].append(seconds(function))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:36} {median * 1000:8.1f} ms  (best {min(times[name]) * 1000:.1f})")
    check, queries, whole = medians.values()
    print(f"\nPreflight / (check + data queries) = {whole / (check + queries):.2f}")
    verdict = "within" if whole <= LIMIT * check + queries else "over"
    print(f"Preflight is {verdict} {LIMIT} x check + data queries")


if __name__ == "__main__":
    main()
