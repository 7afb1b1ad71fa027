"""The duration of an upgrade on the live server, from that on a copy of its data."""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.rehearsal import MigrateRun

HIGH_FACTOR = 1.5
"""The server of the copy does not wait for its disk, and no table of the copy is fragmented."""
START_FACTOR = 0.7
"""Lower bound for the start of the process and the steps, whose CPU time is not measured."""


@dataclass(frozen=True)
class LiveDuration:
    """Lower and upper bound of a duration in seconds, and what they follow from."""

    low: float
    high: float
    basis: str
    migrations: tuple[float, float]
    """The bounds of the migrations alone, without the start and the steps after them."""


def estimate_live_duration(run: MigrateRun) -> LiveDuration:
    """Return how long the migrations and the steps after them take on the live server.

    The lower bound is the CPU time: a rehearsal waits for other work, but needs no more CPU time.

    Args:
        run: A run on a copy that was not stopped.
    """
    migrations = sum(each.seconds for each in run.migrations)
    cpu = min(migrations, sum(each.cpu_seconds for each in run.migrations))
    low = cpu + START_FACTOR * max(0.0, run.seconds - migrations)
    return LiveDuration(
        low,
        run.seconds * HIGH_FACTOR,
        f"{run.seconds:.0f} s on the copy, of which {cpu:.0f} s are CPU time of the migrations",
        (cpu, migrations * HIGH_FACTOR),
    )
