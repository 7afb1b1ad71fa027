"""The end of a time limit."""

from __future__ import annotations

import time


class Deadline:
    """The end of a time limit. Another thread can bring it forward."""

    def __init__(self, seconds: float) -> None:
        """Begin the time limit."""
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds until the end. Negative afterwards."""
        return self._end - time.monotonic()

    def end_now(self) -> None:
        """End the time limit. What waits for it stops within seconds."""
        self._end = float("-inf")
