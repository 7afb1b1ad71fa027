"""The actual schema, compared with the schema that the applied migrations create."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ...catalog import Catalog
from ...catalog.target_release import Target
from ...facts import Database, ExpectedSchema, FactUnavailable, Migrations, Schema, require
from ...facts.expected_schema import ExpectedTable
from ...migration_graph.history import MigrationHistory
from ...migration_graph.partial_migration import partially_applied
from ...migration_graph.repair_sql import repair_statements
from ...migration_graph.schema_diff import SchemaDrift, actual_tables, schema_drift
from ..build import finding, warning
from ..findings import Finding, Impact, Phase, Severity
from ..references import DATABASE_BACKUP, DISABLED_TRIGGERS
from ..registry import check
from ..remediation import sql
from ..text import name_constraint_kind, plural, quote_identifier

MAX_DESCRIBED = 3
"""Deviations of one table that the message describes. The evidence lists all."""


@check(stage="both", phase=Phase.RUNTIME, see=(DATABASE_BACKUP,))
def drift(  # noqa: PLR0913 - the facts on both sides of the comparison
    schema: Schema,
    models: ExpectedSchema,
    migrations: Migrations,
    database: Database,
    target: Target,
    catalog: Catalog,
) -> Iterator[Finding]:
    """Every table has the schema that the applied migrations create.

    Before an upgrade this is a warning: preconditions.schema_conflict reports what stops it.

    Why: a migration that stopped half-way, was faked, or met a manual change leaves a schema in
        which pages and Jobs fail one by one, long after `migrate` reported OK.
    Fix: take a backup and run the statements that remove the drift, or restore a backup.
    """
    history = MigrationHistory(migrations)
    if newer := set(history.recorded_without_file) & catalog.all_core_migrations:
        raise FactUnavailable(
            f"{plural(len(newer), 'migration')} of a newer release"
            f" {'is' if len(newer) == 1 else 'are'} recorded, such as {min(newer)}. Only the code"
            " of that release defines the expected schema"
        )
    expected, actual = require(models.tables), actual_tables(schema)
    # The check migrations.partially_applied reports these migrations.
    unfinished = partially_applied(history, actual, expected)
    drifts: dict[str, list[SchemaDrift]] = defaultdict(list)
    for deviation in schema_drift(expected, actual, schema.views):
        if not any(migration.accounts_for(deviation) for migration in unfinished):
            drifts[deviation.table].append(deviation)
    is_upgrade = target.version != target.installed
    for table, deviations in drifts.items():
        found = _build_finding(table, deviations, expected[table], database.vendor)
        is_capped = is_upgrade and found.severity is Severity.BLOCKER
        yield replace(found, severity=Severity.WARNING) if is_capped else found


def _build_finding(
    table: str, deviations: list[SchemaDrift], model: ExpectedTable, vendor: str
) -> Finding:
    described = "; ".join(map(_describe_drift, deviations[:MAX_DESCRIBED]))
    rest = len(deviations) - MAX_DESCRIBED
    more = f"; and {rest} more" if rest > 0 else ""
    return finding(
        max(map(_drift_severity, deviations), key=list(Severity).index),
        table,
        f"The table {table} differs from the schema that the migrations of {model.app_label}"
        f" create: {described}{more}.",
        fix=_build_remediation(deviations),
        impact=Impact.DATA_LOSS if any(map(_loses_data, deviations)) else Impact.OUTAGE,
        commands=tuple(
            sql(statement)
            for deviation in deviations
            for statement in repair_statements(deviation, model, vendor)
        ),
        evidence=tuple(
            f"{_qualified_name(deviation)}: expected {deviation.expected}, found {deviation.actual}"
            for deviation in deviations
        ),
    )


@check(stage="both", phase=Phase.MIGRATE, impact=Impact.DATA_LOSS, see=(DISABLED_TRIGGERS,))
def disabled_triggers(database: Database) -> Iterator[Finding]:
    """The triggers that enforce the foreign keys are enabled.

    Why: without them, rows can refer to rows that do not exist. A migration that validates such a
        reference stops, and a page that follows it fails. An interrupted restore leaves triggers
        disabled.
    Fix: find and correct such rows, and enable the triggers again.
    """
    for table in require(database.disabled_triggers):
        yield warning(
            table,
            f"The server does not enforce the foreign keys of the table {table}, because triggers "
            "of the table are disabled.",
            fix="Note which triggers are disabled. Find the rows of this table whose referenced "
            "row is missing, and the rows of other tables that refer to a missing row of this "
            "table. Correct or delete them. Then run the statement as a superuser. It enables all "
            "triggers of the table. Disable again each trigger that was disabled on purpose.",
            commands=(sql(f"ALTER TABLE {quote_identifier(table)} ENABLE TRIGGER ALL;"),),
        )


def _drift_severity(deviation: SchemaDrift) -> Severity:
    """Return WARNING for a deviation that is slow or superfluous, BLOCKER for any other."""
    slow = deviation.aspect == "index" and deviation.kind in ("missing", "other", "invalid")
    superfluous = deviation.kind in ("extra", "not validated") and not deviation.blocks_inserts
    return Severity.WARNING if slow or superfluous else Severity.BLOCKER


def _loses_data(deviation: SchemaDrift) -> bool:
    return deviation.kind == "missing" and deviation.aspect in ("table", "column")


def _qualified_name(deviation: SchemaDrift) -> str:
    return f"{deviation.table}.{deviation.subject}" if deviation.subject else deviation.table


def _describe_drift(deviation: SchemaDrift) -> str:
    subject, aspect = deviation.subject, deviation.aspect
    if aspect == "table":
        return "it is missing" if deviation.kind == "missing" else f"it is {deviation.actual}"
    if aspect in ("type", "nullability"):
        return f"{subject} is {deviation.actual} instead of {deviation.expected}"
    noun = name_constraint_kind(aspect)
    noun = f"{noun} constraint" if aspect in ("unique", "check") else noun
    if deviation.blocks_inserts:
        return (
            f"no migration creates the column {subject}, and Nautobot can add no row, because the "
            "column needs a value and has no default"
        )
    texts = {
        "missing": f"{noun} {subject} is missing",
        "other": f"{noun} {subject} is {deviation.actual}",
        "extra": f"no migration creates the {noun} {subject}",
        "invalid": f"{noun} {subject} is invalid",
        "not validated": f"{noun} {subject} was never validated",
    }
    return texts[deviation.kind]


def _build_remediation(deviations: list[SchemaDrift]) -> str:
    text = (
        "If `migrate` was interrupted, first do what migrations.partially_applied says."
        " Otherwise take a backup and run the statements below as the"
        " owner of the table."
    )
    if any(each.kind == "other" and each.aspect == "table" for each in deviations):
        return (
            "Migrations can change only a table. Ask the person who created the view where the "
            "rows are. Take a backup. Then replace the view with a table that contains these rows."
        )
    if any(map(_loses_data, deviations)):
        text += (
            " They create an empty table or column. Only the last backup contains its previous"
            " data."
        )
    if any(deviation.kind == "invalid" for deviation in deviations):
        text += (
            " A unique index stays invalid while rows have the same values. If REINDEX reports a"
            " duplicate key, correct these rows first."
        )
    if any(deviation.kind == "extra" for deviation in deviations):
        text += (
            " An additional column, index or constraint may be intentional. Ask the person who"
            " added it before you drop it."
        )
    return text
