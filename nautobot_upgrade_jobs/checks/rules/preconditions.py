"""Requirements of the pending migrations on existing rows, and their cost."""

from __future__ import annotations

from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Database, FactUnavailable, Runtime, Tables, Unavailable, or_none, require
from ...facts.preconditions import (
    PreconditionKind,
    PreconditionResult,
    Preconditions,
)
from ...facts.schema_dependents import AffectedDependent, DependentEffect
from ...facts.trial_boot import TrialBoot
from ...migration_graph.cost_estimate import estimate_cost
from ...migration_graph.repair_sql import rename_statements
from ...upgrade.rehearsed import RehearsalEvidence
from ..build import blocker, finding, info, warning
from ..conflict_text import CONFLICT_REMEDIATIONS, describe_conflict
from ..cost_text import describe_cost_item, describe_load, format_seconds
from ..dependent_text import (
    describe_dependent,
    describe_effect,
    describe_remediation,
    describe_use,
    drop_statement,
    is_outage_cause,
)
from ..findings import Finding, Impact, Phase, Severity
from ..planned_upgrade import require_preconditions
from ..references import MIGRATION_OPERATIONS
from ..registry import NotApplicable, check
from ..remediation import When, sql
from ..text import plural, truncate_list
from ..violation_text import (
    describe_violation,
    describe_violation_fix,
    format_operation,
    format_progress,
    format_subject,
    list_sample_rows,
)


@check(phase=Phase.MIGRATE, see=(MIGRATION_OPERATIONS,))
def violated(
    trial_boot: TrialBoot, database: Database, evidence: RehearsalEvidence | Unavailable
) -> Iterator[Finding]:
    """No row violates a precondition of the pending migrations.

    Why: the database refuses an operation that existing rows violate: a new unique constraint, a
        new NOT NULL column, a shorter column, a foreign key to a missing row. `migrate` then stops
        half-way, with some migrations committed.
    Fix: change or remove the listed rows before the upgrade.
    """
    yield from _violations(require_preconditions(trial_boot), database, or_none(evidence))


@check(stage="verify", phase=Phase.MIGRATE, see=(MIGRATION_OPERATIONS,))
def unapplied(preconditions: Preconditions, database: Database) -> Iterator[Finding]:
    """No row stops the migrations that are not applied yet.

    Why: `migrate` stops at the same row each time that you start it.
    Fix: change or remove the listed rows, and run `migrate` again.
    """
    if not preconditions.migrations_planned:
        raise NotApplicable("all migrations are applied")
    yield from _violations(preconditions, database)


def _violations(
    preconditions: Preconditions, database: Database, rehearsal: RehearsalEvidence | None = None
) -> Iterator[Finding]:
    for result in preconditions.violated:
        if result.is_blocking and result.precondition.possibly_fixed_by:
            if rehearsal is None or not rehearsal.settles(result):
                yield _build_possibly_fixed_finding(result)
        elif result.is_blocking:
            yield _build_violation_finding(
                result, preconditions.migrations_planned, database.vendor == "mysql"
            )


def _build_possibly_fixed_finding(result: PreconditionResult) -> Finding:
    return warning(
        format_subject(result.precondition),
        f"{describe_violation(result)}. {format_operation(result.precondition)} will stop unless"
        " an earlier migration changes these rows.",
        fix="Rehearse the upgrade. The migrations in the evidence run earlier and "
        "may change these rows.",
        impact=Impact.UNKNOWN,
        evidence=(*list_sample_rows(result), *result.precondition.possibly_fixed_by),
    )


def _build_violation_finding(
    result: PreconditionResult, planned: int, has_partial_changes: bool
) -> Finding:
    number = result.precondition.migrations_before
    is_extension = result.precondition.kind == PreconditionKind.EXTENSION
    partial = (
        " Its own earlier changes also stay, because MySQL cannot roll back table changes."
        if has_partial_changes
        else ""
    )
    return blocker(
        format_subject(result.precondition),
        f"{describe_violation(result)}. Migration {format_operation(result.precondition)} will"
        f" fail after {format_progress(number, planned)}.{partial}",
        fix=describe_violation_fix(result.precondition),
        commands=(sql(f'CREATE EXTENSION "{result.precondition.name}";'),) if is_extension else (),
        impact=Impact.OUTAGE,
        evidence=list_sample_rows(result),
    )


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATION_OPERATIONS,))
def schema_conflict(trial_boot: TrialBoot, database: Database) -> Iterator[Finding]:
    """The schema contains what the pending migrations change, and nothing that they create.

    Why: an upgrade that was interrupted, a manual change, or an App that was removed leaves tables,
        columns and indexes that no migration expects. `migrate` then stops half-way with "already
        exists" or "does not exist".
    Fix: rename or remove what exists and is not needed, and create again what is missing.
    """
    preconditions = require_preconditions(trial_boot)
    planned = preconditions.migrations_planned
    for conflict in require(preconditions.schema_conflicts):
        used_by = conflict.used_by
        statements = rename_statements(used_by, database.vendor) if used_by else ()
        yield blocker(
            conflict.object.qualified_name,
            f"Migration {conflict.migration} ({conflict.operation}) will fail after "
            f"{format_progress(conflict.migrations_before, planned)}, because "
            f"{describe_conflict(conflict)}.",
            fix=CONFLICT_REMEDIATIONS[conflict.kind],
            commands=tuple(map(sql, statements)),
        )


@check(phase=Phase.MIGRATE, see=(MIGRATION_OPERATIONS,))
def schema_dependent(trial_boot: TrialBoot, database: Database) -> Iterator[Finding]:
    """No view, trigger, rule or other object uses what the pending migrations change.

    Why: PostgreSQL refuses to change the type of a column that a view, rule, trigger, policy or
        generated column uses. `migrate` then stops half-way. An operation that removes a column or
        table silently drops every object that uses it. The code of a trigger that names such a
        column fails at every write. MySQL refuses to drop what a foreign key or a generated column
        uses, and leaves a view broken.
    Fix: save the definition of the object. Drop it before `migrate`, and create it again
        afterwards, adapted to the new tables.
    """
    preconditions = require_preconditions(trial_boot)
    severity_order = list(DependentEffect)
    by_name: dict[str, list[AffectedDependent]] = {}
    for affected in require(preconditions.affected_dependents):
        by_name.setdefault(describe_dependent(affected.dependent), []).append(affected)
    for name, group in by_name.items():
        first, *others = sorted(group, key=lambda each: severity_order.index(each.effect))
        progress = format_progress(first.migrations_before, preconditions.migrations_planned)
        is_outage = is_outage_cause(first)
        yield finding(
            Severity.BLOCKER if is_outage else Severity.WARNING,
            name,
            describe_effect(first, progress),
            fix=describe_remediation(first, database.vendor),
            when=When.WINDOW if is_outage or first.effect is DependentEffect.RUNS else When.NOW,
            commands=(sql(drop_statement(first.dependent, database.vendor)),) if is_outage else (),
            impact=Impact.OUTAGE if is_outage else Impact.FEATURE_LOSS,
            evidence=tuple(
                f"{each.migration} ({each.operation}): {describe_use(each.dependent)}"
                for each in others
            ),
        )


@check(phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=(MIGRATION_OPERATIONS,))
def truncated_values(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No pending migration truncates a value.

    Why: if a migration changes the type of a column, PostgreSQL casts each value. A cast to a
        shorter text silently truncates longer values.
    Fix: shorten the listed values yourself, or save them first.
    """
    for result in require_preconditions(trial_boot).violated:
        if result.affected_rows and result.precondition.kind == PreconditionKind.TRUNCATES:
            yield warning(
                format_subject(result.precondition),
                f"{describe_violation(result)}. Migration {format_operation(result.precondition)}"
                " will silently truncate these values.",
                fix="Shorten these values, or save them elsewhere.",
                evidence=list_sample_rows(result),
            )


@check(phase=Phase.MIGRATE, impact=Impact.DATA_LOSS)
def dropped_values(trial_boot: TrialBoot) -> Iterator[Finding]:
    """No dropped column or table contains data.

    Why: a migration deletes these values. If the new release keeps a value, an earlier migration
        copies it. All other values are then only in the backup.
    Fix: nothing, if the release notes say where the values are stored afterwards. Otherwise save
        them first.
    """
    dropped = [
        result
        for result in require_preconditions(trial_boot).violated
        if result.affected_rows and result.precondition.kind == PreconditionKind.DROPS
    ]
    if dropped:
        yield info(
            "columns",
            f"The migrations will drop {plural(len(dropped), 'column')} with values.",
            fix="Read in the release notes where the new release stores these values. Keep the "
            "backup until you have verified that every value you need is there.",
            evidence=truncate_list(
                tuple(
                    f"{format_subject(result.precondition)}:"
                    f" {plural(result.affected_rows, 'value')}, by"
                    f" {result.precondition.migration}"
                    for result in dropped
                )
            ),
        )


@check()
def untested(trial_boot: TrialBoot) -> Iterator[Finding]:
    """Every precondition of the pending migrations was tested on the rows.

    Why: an untested precondition may stop the migration.
    Fix: read the reason. Most often the database role lacks a permission, or its statement timeout
        is too short.
    """
    unknown = [
        result
        for result in require_preconditions(trial_boot).violated
        if result.unknown_reason and result.precondition.kind != PreconditionKind.DROPS
    ]
    if unknown:
        raise FactUnavailable(
            "; ".join(
                f"{result.precondition.migration}, {format_subject(result.precondition)}:"
                f" {result.unknown_reason}"
                for result in unknown
            )
        )
    yield from ()


@check(phase=Phase.MIGRATE, impact=Impact.OUTAGE, see=(MIGRATION_OPERATIONS,))
def migration_cost(
    trial_boot: TrialBoot,
    tables: Tables,
    catalog: Catalog,
    host: Runtime | Unavailable,
    evidence: RehearsalEvidence | Unavailable,
) -> Iterator[Finding]:
    """The maintenance window is long enough for the pending migrations.

    Why: sessions wait while a migration rewrites or scans a table or builds an index. A maintenance
        window that is too short ends with a migration that has to be killed.
    Fix: plan the window by the upper bound of the estimate. For a better estimate, measure the
        migrations on a copy of the data.
    """
    preconditions = require_preconditions(trial_boot)
    if preconditions.migrations_planned:
        estimate = estimate_cost(preconditions, tables, catalog.durations)
        rehearsal = or_none(evidence)
        measured = rehearsal.live_duration if rehearsal else None
        low, high = (measured.low, measured.high) if measured else (estimate.low, estimate.high)
        yield info(
            "migrations",
            f"{plural(preconditions.migrations_planned, 'migration')} will take an estimated"
            f" {format_seconds(low)} to {format_seconds(high)} and need up to"
            f" {max(1, estimate.mebibytes)} MiB of additional disk space.",
            fix="Plan the maintenance window for the longer time."
            + ("" if measured else " For a better estimate, rehearse the upgrade."),
            evidence=(
                *([f"Measured: {measured.basis}."] if measured else ()),
                *describe_load(host),
                *truncate_list(tuple(map(describe_cost_item, estimate.items))),
            ),
        )
