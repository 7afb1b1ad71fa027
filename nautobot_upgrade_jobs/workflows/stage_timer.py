"""Measure how long each stage of a run takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..report import Report

FACTS, CHECKS = "facts", "checks"
STAGES = {
    "resolution": "package set",
    "index": "package set",
    "target": "build",
    "trial boot": "trial boot",
    "reversal": "losses",
}
"""The stage by what a run reports as its progress. Everything else is a topic of the facts."""


PREFLIGHT_STAGES = (FACTS, "package set", "build", "trial boot", CHECKS)
OTHER_STAGES = (FACTS, CHECKS)


class StageTimer:
    """Passes on the progress of a run, and measures its stages. One ends when the next begins."""

    def __init__(
        self, progress: Callable[[str], None], planned: Sequence[str] = OTHER_STAGES
    ) -> None:
        """Start with the facts.

        Args:
            progress: Called with a line such as ``Stage 2 of 5, package set: resolution``.
            planned: The stages that the run is expected to have.
        """
        self._seconds: dict[str, float] = {}
        self._progress = progress
        self._planned = planned
        self._reached = 1
        self._started = self._since = time.monotonic()
        self._stage = FACTS

    def __call__(self, progress: str) -> None:
        """Pass on what the run does next."""
        stage = STAGES.get(progress, FACTS)
        self.begin(stage)
        self._progress(f"{self._describe(stage)}: {progress}")

    def begin(self, stage: str) -> None:
        """End the current stage, and begin another or the same again."""
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now

    def add_to(self, report: Report) -> Report:
        """End the last stage. Return the report with the seconds of the run and of its stages."""
        self.begin(self._stage)
        seconds = self._since - self._started
        return replace(report, seconds=seconds, stage_seconds=dict(self._seconds))

    def _describe(self, stage: str) -> str:
        """Return the number of a stage and its name. A run never goes back to a smaller number."""
        if stage in self._planned:
            self._reached = max(self._reached, self._planned.index(stage) + 1)
        return f"Stage {self._reached} of {len(self._planned)}, {stage}"
