"""Predict the upgrade of a copy, as Preflight does for the live database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..catalog import Catalog
from ..facts import Unavailable
from ..migration_graph.cost_estimate import estimate_cost
from ..migration_graph.history import MigrationHistory
from ..target.boot_result import BootFailed
from ..upgrade.rehearsed import describe_precondition
from .rehearsal_reading import CopyReader

PREDICTION_TOPICS = ("migrations", "preconditions", "tables")


@dataclass(frozen=True)
class Prediction:
    """What Preflight says about the upgrade of the copy."""

    migrations: tuple[str, ...]
    """The migrations that the upgrade applies."""
    seconds: tuple[float, float] | None
    """Lower and upper bound of their duration. None if unknown."""
    recorded: tuple[str, ...] = ()
    """The migrations that are applied before the upgrade."""
    row_counts: Mapping[str, int] = field(default_factory=dict)
    """Rows of each table before the upgrade. Empty if unknown."""
    violations: Mapping[str, int] = field(default_factory=dict)
    """Rows that violate a precondition, by precondition."""
    stops: tuple[str, ...] = ()
    """The migrations that rows are expected to stop, in the order of the upgrade."""


def predict(reader: CopyReader, catalog: Catalog) -> Prediction:
    """Start the target on the copy, and return what Preflight expects of the upgrade.

    Raises:
        BootFailed: The target gave no result.
    """
    boot = reader.read_with_target(PREDICTION_TOPICS)
    facts = boot.facts
    if isinstance(facts.migrations, Unavailable):
        raise BootFailed(boot.failure.message if boot.failure else facts.migrations.reason)
    plan, recorded = MigrationHistory(facts.migrations).plan, facts.migrations.recorded
    if isinstance(facts.tables, Unavailable):
        return Prediction(plan, None, recorded)
    row_counts = facts.tables.row_counts
    if isinstance(facts.preconditions, Unavailable):
        return Prediction(plan, None, recorded, row_counts)
    estimate = estimate_cost(facts.preconditions, facts.tables, catalog.durations)
    stops = {
        result.precondition.migration
        for result in facts.preconditions.violated
        if result.is_blocking and not result.precondition.possibly_fixed_by
    }
    return Prediction(
        plan,
        (estimate.low, estimate.high),
        recorded,
        row_counts,
        {
            describe_precondition(result.precondition): result.affected_rows
            for result in facts.preconditions.violated
        },
        tuple(key for key in plan if key in stops),
    )
