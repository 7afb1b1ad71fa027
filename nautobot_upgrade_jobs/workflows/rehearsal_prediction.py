"""Predict the upgrade of a copy, as Preflight does for the live database."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog import Catalog
from ..catalog.target_release import Target
from ..checks.findings import Phase, Severity
from ..checks.registry import checks_for_stage
from ..facts import Unavailable
from ..facts.resolution import Resolution
from ..migration_graph.cost_estimate import CostEstimate, estimate_cost
from ..target.installation import Installation
from .evidence import UpgradeEvidence
from .outside_facts import ROW_TOPICS, OutsideState, build_facts
from .rehearsal_reading import CopyReader

PREDICTION_TOPICS = (
    *("packages", "apps", "migrations", "system_checks", "preconditions", "planned_reversal"),
    *ROW_TOPICS,
)


@dataclass(frozen=True)
class Prediction:
    """What Preflight says about the upgrade of the copy."""

    migrations: tuple[str, ...]
    """The migrations that the upgrade applies."""
    seconds: tuple[float, float] | None
    """Lower and upper bound of their duration. None if unknown."""
    stops: tuple[tuple[str, str], ...]
    """The keys of the findings that stop ``migrate``, each with its message."""


def predict(
    reader: CopyReader,
    copy: Installation,
    target: Target,
    catalog: Catalog,
    resolution: Resolution,
) -> Prediction:
    """Start the target on the copy, and return what the checks of Preflight find.

    Raises:
        BootFailed: The target gave no result.
    """
    boot = reader.read_with_target(PREDICTION_TOPICS)
    state = OutsideState(copy, target, resolution, boot)
    evidence = UpgradeEvidence(build_facts(state, catalog), target, catalog, resolution, boot)
    results = evidence.run(checks_for_stage("preflight"), ())
    preconditions, tables = boot.facts.preconditions, evidence.facts.tables
    estimate: CostEstimate | None = None
    if not isinstance(preconditions, Unavailable) and not isinstance(tables, Unavailable):
        estimate = estimate_cost(preconditions, tables, catalog.durations)
    return Prediction(
        migrations=evidence.pending or (),
        seconds=(estimate.low, estimate.high) if estimate else None,
        stops=tuple(
            (result.key(finding), finding.message)
            for result in results
            for finding in result.findings
            if finding.severity is Severity.BLOCKER and finding.phase is Phase.MIGRATE
        ),
    )
