"""Record the stages of a rehearsal: how long each took, and which could not be carried out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..facts import Unavailable
from ..facts.rehearsal import Stage
from ..target.boot_result import BootFailed
from ..target.deadline import Deadline
from ..target.scratch_dir import ScratchError
from ..target.venv import BuildFailed
from .errors import RehearsalFailed, describe_error

PLANNED_STAGES = {
    "target": "build the target",
    "copy": "copy the data",
    "current": "read the copy with the installed release",
    "prediction": "predict the upgrade of the copy",
    "backup": "back up the copy",
    "upgrade": "upgrade the copy",
    "verification": "verify the upgraded copy",
    "pages": "open pages of the upgraded copy",
    "reverse": "reverse the migrations",
    "restore": "restore the backup",
}
"""The stages in their order, each with what it does."""
FAILURES = (RehearsalFailed, BuildFailed, BootFailed, ScratchError, OSError)


class Stopped(Exception):
    """A stage without which nothing else can be rehearsed could not be carried out."""


class Recorder:
    """The stages that were carried out, and the results that they gave."""

    def __init__(self, progress: Callable[[str], None], deadline: Deadline) -> None:
        self.deadline = deadline
        self.results: dict[str, Any] = {}
        self._progress = progress
        self._stages: list[Stage] = []
        self._current = ""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that have ended."""
        return tuple(self._stages)

    def report(self, activity: str) -> None:
        """Report what the current stage does."""
        number = list(PLANNED_STAGES).index(self._current) + 1
        self._progress(f"Stage {number} of {len(PLANNED_STAGES)}, {self._current}: {activity}")

    @contextlib.contextmanager
    def stage(self, name: str, *, is_required: bool = True) -> Iterator[None]:
        """Measure a stage, and record why it could not be carried out.

        Args:
            name: One of ``PLANNED_STAGES``.
            is_required: Whether nothing else can be rehearsed without it.

        Raises:
            Stopped: A required stage could not be carried out.
        """
        self._current = name
        self.report(PLANNED_STAGES[name])
        started = time.monotonic()
        problem = ""
        try:
            if self.deadline.remaining <= 0:
                raise RehearsalFailed("the time limit of the rehearsal was reached before it")
            yield
        except FAILURES as error:
            problem = describe_error(error)
            if is_required:
                raise Stopped from None
        finally:
            self._stages.append(Stage(name, time.monotonic() - started, problem))

    def get(self, name: str) -> Any:
        """Return the result of a stage, or why there is none."""
        if name in self.results:
            return self.results[name]
        failed = [each for each in self._stages if each.problem]
        own = next((each for each in failed if each.name == name), failed[0] if failed else None)
        if own is None:
            return Unavailable(f"the stage {name} was not carried out")
        return Unavailable(f"{PLANNED_STAGES[own.name]}: {own.problem}")
