"""A figure: a value in proportion to a peer in the same run, and the limit of the proportion."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SECONDS, MEBIBYTES, QUERIES = "s", "MiB", "queries"
MEMORY_LIMIT = 1.1
"""Memory may not grow with the data."""
Contenders = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Figure:
    """What was measured, and with what it is compared."""

    name: str
    value: float
    peer: str
    peer_value: float
    limit: float | None = None
    """The largest allowed ratio. None if the figure is only shown."""
    unit: str = SECONDS

    @property
    def ratio(self) -> float:
        """Return the value as a multiple of the peer's."""
        return self.value / self.peer_value

    @property
    def is_over(self) -> bool:
        """Return whether the ratio is larger than its limit."""
        return self.limit is not None and self.ratio > self.limit


def measure_peak_memory() -> int:
    """Return the largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure_in_turn(contenders: Contenders, rounds: int) -> dict[str, float]:
    """Return the seconds of the fastest round of each contender, by name.

    All run in turn, so that a busy machine slows all of them. A first round fills the caches.
    """
    for run in contenders.values():
        run()
    fastest = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, run in contenders.items():
            started = time.perf_counter()
            run()
            fastest[name] = min(fastest[name], time.perf_counter() - started)
    return fastest
