"""Compare Verify's history, models and system checks with the five commands that they replace.

Verify runs in a warm process like a worker, each command in a process of its own. A later run in
the same process does not compute the expected schema again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from .figures import Figure, measure_in_turn

REPLACED = (
    ("showmigrations",),
    ("migrate", "--check"),
    ("makemigrations", "--check", "--dry-run"),
    ("check",),
    ("check", "--deploy"),
)


def run(*words: str) -> None:
    """Run a command, and ignore its exit code and output."""
    subprocess.run(words, capture_output=True, check=False)


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of Verify, and of its comparison of the whole schema."""
    from nautobot_upgrade_jobs.collect import collect_facts, expected_schema
    from nautobot_upgrade_jobs.migration_graph.schema_diff import actual_tables, schema_drift

    def schema() -> None:
        expected_schema._computed.clear()
        facts = collect_facts(topics=("schema", "expected_schema"))
        list(schema_drift(facts.expected_schema.tables, actual_tables(facts.schema)))

    def verify_again() -> None:
        collect_facts(topics=("migrations", "expected_schema", "system_checks"))

    def verify() -> None:
        expected_schema._computed.clear()
        verify_again()

    seconds = measure_in_turn(
        {"verify": verify, "schema": schema, "again": verify_again},
        2 if is_short else 5,
    )
    started = time.perf_counter()
    for words in REPLACED:
        run("nautobot-server", *words)
    commands = time.perf_counter() - started
    peer = "the five commands that it replaces"
    yield Figure("Verify: history, models, checks", seconds["verify"], peer, commands, 1 / 24)
    yield Figure("Verify: the same again", seconds["again"], peer, commands, 1 / 45)
    yield Figure("Verify: the whole schema", seconds["schema"], peer, commands, 1 / 32)
    doctor = measure_in_turn(
        {
            "doctor": lambda: run(sys.executable, "-m", "nautobot_upgrade_jobs", "doctor"),
            "start": lambda: run("nautobot-server", "check"),
        },
        2 if is_short else 5,
    )
    yield Figure("doctor", doctor["doctor"], "nautobot-server check", doctor["start"], 1.3)
