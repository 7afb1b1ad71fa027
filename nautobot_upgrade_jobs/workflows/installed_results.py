"""Results of the installed code, with which those of the target are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from celery.exceptions import SoftTimeLimitExceeded

from ..collect import SOFT_TIME_LIMIT
from ..collect.context import explain
from ..collect.customizations import inspect_app_code
from ..facts import Customizations, FilterResults, Unavailable
from ..facts.customizations import APP_CODE, IMPORTING_KINDS, CustomizationProblem
from ..facts.trial_boot import TrialBoot
from .collection import collect
from .context import RunContext


def add_current_customizations(
    trial_boot: TrialBoot,
    start_installed: Callable[[], Customizations | Unavailable],
    context: RunContext,
    progress: Callable[[str], None],
) -> TrialBoot:
    """Add the problems of customizations on the installed release, if the target found problems.

    Args:
        trial_boot: The result of the target.
        start_installed: Starts the installed release in a process of its own, which may import Job
            files, and validates them. It is called only if the target found problems in them.
        context: The validated request.
        progress: Called with the topic before it is collected.
    """
    found = trial_boot.facts.customizations
    if isinstance(found, Unavailable) or not found.problems:
        return trial_boot
    kinds = {problem.kind for problem in found.problems}
    current: Customizations | Unavailable = Customizations()
    if kinds & IMPORTING_KINDS:
        try:
            current = start_installed()
        except SoftTimeLimitExceeded:
            current = SOFT_TIME_LIMIT
        except Exception as error:  # noqa: BLE001 - the rest of the report must not be lost
            current = Unavailable(f"the installed release could not be started: {explain(error)}")
    if kinds - IMPORTING_KINDS and isinstance(current, Customizations):
        others = _inspect_here(found.problems, context, progress)
        current = others if isinstance(others, Unavailable) else others.merge(current)
    return replace(trial_boot, current_customizations=current)


def _inspect_here(
    problems: Iterable[CustomizationProblem],
    context: RunContext,
    progress: Callable[[str], None],
) -> Customizations | Unavailable:
    """Validate in this process what imports no Job files. If possible, only the files of Apps."""
    here = [problem for problem in problems if problem.kind not in IMPORTING_KINDS]
    if all(problem.kind == APP_CODE for problem in here):
        return inspect_app_code({problem.page.rpartition(":")[0] for problem in here})
    return collect(("customizations",), context, progress).customizations


def add_filter_results(
    trial_boot: TrialBoot,
    current: FilterResults | Unavailable,
    context: RunContext,
    progress: Callable[[str], None],
) -> TrialBoot:
    """Run the filters again if the target's results differ: the rows may have changed meanwhile."""
    trial_boot = replace(trial_boot, current_filter_results=current)
    then = trial_boot.facts.filter_results
    if isinstance(then, Unavailable) or then == current:
        return trial_boot
    recounted = collect(("filter_results",), context, progress).filter_results
    return replace(trial_boot, recounted_filter_results=recounted)
