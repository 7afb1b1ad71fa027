"""Compare Preflight with Nautobot's own system checks, in one warm process like a worker."""

from __future__ import annotations

from collections.abc import Iterator

from .figures import Figure, measure_in_turn

QUERY_TOPICS = ("database", "tables", "jobs", "data")
"""Topics that query rows."""
CHECKS = "check + queries of data, in process"


def measure(*, is_short: bool) -> Iterator[Figure]:
    """Yield the duration of a Preflight to the installed release, which builds nothing."""
    from django.core import checks
    from nautobot import __version__

    from nautobot_upgrade_jobs.collect import collect_facts, expected_schema
    from nautobot_upgrade_jobs.workflows.context import RunRequest
    from nautobot_upgrade_jobs.workflows.preflight import run_preflight

    def check() -> None:
        checks.run_checks(databases=["default"])
        collect_facts(topics=QUERY_TOPICS)

    def preflight_again() -> None:
        run_preflight(RunRequest(target=__version__, build=False))

    def preflight() -> None:
        expected_schema._computed.clear()
        preflight_again()

    seconds = measure_in_turn(
        {"check": check, "preflight": preflight, "again": preflight_again},
        5 if is_short else 15,
    )
    yield Figure("Preflight without a build", seconds["preflight"], CHECKS, seconds["check"], 5.5)
    yield Figure("Preflight, the same again", seconds["again"], CHECKS, seconds["check"], 3)
