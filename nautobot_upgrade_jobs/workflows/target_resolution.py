"""Resolve the package set of the target while the facts of the installation are collected."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from celery.exceptions import SoftTimeLimitExceeded

from ..catalog import Catalog
from ..catalog.target_release import Target
from ..facts import Facts, FactUnavailable, Unavailable, require
from ..facts.resolution import Resolution
from ..target.deadline import Deadline
from ..target.resolver import resolve
from ..target.root_requirements import RootRequirements
from .context import RunContext

ROOT_TOPICS = ("runtime", "packages", "apps")
"""Topics on which the package set depends."""


class TargetResolution:
    """The resolution of the package set in a thread, which waits for uv and the index.

    Leaving the context ends the resolution, if it has not ended.
    """

    def __init__(self, facts: Facts, context: RunContext) -> None:
        """Start the resolution, unless the settings forbid it.

        Args:
            facts: The facts of ``ROOT_TOPICS``.
            context: The validated request.
        """
        self.roots = _build_root_requirements(facts, context)
        self._deadline = Deadline(context.config.resolve_timeout_seconds)
        self._executor = ThreadPoolExecutor(1, "resolution")
        self._future = self._executor.submit(_resolve, self.roots, context, self._deadline)

    def __enter__(self) -> TargetResolution:
        return self

    def __exit__(self, *error: object) -> None:
        self._deadline.end_now()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> Resolution | Unavailable:
        """Return the package set, or why it is unavailable."""
        try:
            return self._future.result()
        except SoftTimeLimitExceeded:
            return Unavailable(
                "the Job's soft time limit ended the run before the index had answered"
            )


def _build_root_requirements(facts: Facts, context: RunContext) -> RootRequirements | Unavailable:
    try:
        python = require(facts.runtime).python
        return RootRequirements(
            require(facts.packages), require(facts.apps), python, context.requirements
        )
    except FactUnavailable as error:
        return Unavailable(str(error))


def _resolve(
    roots: RootRequirements | Unavailable, context: RunContext, deadline: Deadline
) -> Resolution | Unavailable:
    """Resolve the package set on the index, unless the settings forbid it."""
    config, target = context.config, context.target
    if not config.resolve:
        return Unavailable("the settings forbid querying the package index (resolve is False)")
    if isinstance(roots, Unavailable):
        return roots
    return resolve(
        roots,
        target.version,
        deadline=deadline,
        wheel_directory=config.wheel_directory,
        lines=() if target.chosen else _list_candidate_lines(target, context.catalog),
    )


def _list_candidate_lines(target: Target, catalog: Catalog | Unavailable) -> tuple[str, ...]:
    """Return the installed line and the maintained lines, whose newest releases are candidates."""
    if isinstance(catalog, Unavailable):
        return ()
    own = catalog.line(target.installed)
    return tuple(line.name for line in catalog.lines if line is own or line.maintained)
