"""Start the installed release while the target is built, if its results will probably be needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ..common.memory import available_mebibytes
from ..facts import Customizations, Facts, Unavailable, or_none
from ..target.deadline import Deadline
from ..target.root_requirements import CORE

REQUIRED_MEBIBYTES = 1500
"""Memory for two starts at once, of 360 MiB each, with as much again for Apps and this process."""

Start = Callable[[Deadline], Customizations | Unavailable]


class EarlyStart:
    """A start of the installed release, in a thread or when its result is asked for.

    Leaving the context ends the start, if it has not ended.
    """

    def __init__(self, start: Start, seconds: float, *, is_early: bool) -> None:
        """Begin the start if ``is_early``.

        Args:
            start: Starts the installed release within a time limit, and returns the result.
            seconds: The time limit.
            is_early: Whether to start now.
        """
        self._start, self._seconds = start, seconds
        self._deadline = Deadline(seconds)
        self._executor = ThreadPoolExecutor(1, "installed-release")
        self._future: Future[Customizations | Unavailable] | None = None
        if is_early:
            self._future = self._executor.submit(start, self._deadline)

    def __enter__(self) -> EarlyStart:
        return self

    def __exit__(self, *error: object) -> None:
        self._deadline.end_now()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def get_result(self) -> Customizations | Unavailable:
        """Return the result. Wait for it, or start the installed release now."""
        if self._future:
            return self._future.result()
        return self._start(Deadline(self._seconds))


def is_early_start_useful(facts: Facts) -> bool:
    """Return whether the target can find problems in Job files, and there is memory for two starts.

    Only such problems require a start of the installed release.
    """
    jobs, apps = or_none(facts.jobs), or_none(facts.apps)
    if jobs is None or apps is None or available_mebibytes() < REQUIRED_MEBIBYTES:
        return False
    modules = {CORE, *(app.module for app in apps.enabled)}
    names = (record.class_path.partition(".")[0] for record in jobs.records if record.installed)
    return bool(jobs.scheduled) or any(name not in modules for name in names)
