"""The table of targets on the Upgrade page: what is possible, and what the last Preflight found."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from ..catalog import Catalog
from ..common.text import plural
from ..facts.base import Unavailable
from ..upgrade.target_options import TargetOption, list_target_options
from .job_outcome import JobOutcome
from .job_runs import Run, form_url

POSSIBLE = ("go", "caution")


@dataclass(frozen=True)
class TargetRow:
    """One release to choose from, with its newest Preflight run."""

    option: TargetOption
    run: Run | None
    form_url: str
    """URL of Preflight's form for this target. Empty if the user may not run the Job."""

    @property
    def status(self) -> str:
        """What is known about an upgrade to this release."""
        outcome = self.run.outcome if self.run else None
        if outcome and outcome.verdict in POSSIBLE:
            return ", ".join(["Possible", *_count(outcome, "warning", "accepted")])
        if self.option.obstacle:
            return f"Not possible: {self.option.obstacle}"
        if outcome is None:
            return "Not checked yet"
        if outcome.verdict == "blocked":
            return f"Blocked: {', '.join(_count(outcome, 'blocker'))}"
        return outcome.title

    @property
    def verdict(self) -> str:
        """The verdict that colors the status. Empty without a run."""
        verdict = self.run.outcome.verdict if self.run else ""
        return "blocked" if self.option.obstacle and verdict not in POSSIBLE else verdict


def _count(outcome: JobOutcome, *names: str) -> Iterator[str]:
    """Yield the numbers of findings that are not zero, such as ``2 warnings``."""
    for name in names:
        number = outcome.counts.get(name, 0)
        if number:
            yield f"{number} accepted" if name == "accepted" else plural(number, name)


def build_target_rows(
    catalog: Catalog | Unavailable, runs: Mapping[str, Run], preflight: str
) -> Iterator[TargetRow]:
    """Yield the releases to choose from, the recommended first.

    Args:
        catalog: The known releases, or why they are unavailable.
        runs: The newest Preflight run of each target.
        preflight: Primary key of the Job Preflight. Empty if the user may not run it.
    """
    if isinstance(catalog, Unavailable):
        return
    installed = version("nautobot")
    options = list_target_options(catalog, installed, platform.python_version())
    # A run before the last upgrade says nothing about the installed release.
    current = {
        target: run
        for target, run in runs.items()
        if run.outcome.current in ("", f"Nautobot {installed}")
    }
    for option in sorted(options, key=lambda each: not each.is_recommended):
        yield TargetRow(
            option,
            current.get(option.version),
            form_url(preflight, {"target": option.version}) if preflight else "",
        )
