"""The live schema: is it what the applied migrations made?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Database, ExpectedSchema, FactUnavailable, Migrations, Schema, require
from ...facts.expected_schema import ExpectedTable
from ...migration_graph.history import History
from ...migration_graph.partial_migration import begun
from ...migration_graph.repair_sql import repair
from ...migration_graph.schema_diff import SchemaDifference, differences, live_tables
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..text import plural

RESTORE = (
    "https://docs.nautobot.com/projects/core/en/stable/user-guide/administration/upgrading/"
    "database-backup/"
)


@check(stage="verify")
def drift(
    schema: Schema,
    models: ExpectedSchema,
    migrations: Migrations,
    database: Database,
    catalog: Catalog,
) -> Iterator[Finding]:
    """Every table is as the applied migrations leave it.

    Why: a migration that stopped half-way, was faked, or met a hand-made change leaves a schema in
        which pages and Jobs fail one by one, long after `migrate` said OK.
    Fix: make the difference undone by the statements shown, after a backup; or restore one.
    """
    history = History(migrations)
    if newer := set(history.unknown) & catalog.all_core_migrations:
        raise FactUnavailable(
            f"{plural(len(newer), 'migration')} of a newer release is recorded, such as "
            f"{min(newer)}: what it made of the schema, only its code can say"
        )
    expected, live = require(models.tables), live_tables(schema)
    unfinished = begun(history, live, expected)  # migrations.partially_applied tells of these
    found: dict[str, list[SchemaDifference]] = defaultdict(list)
    for one in differences(expected, live):
        if not any(migration.explains(one) for migration in unfinished):
            found[one.table].append(one)
    for table, own in found.items():
        yield _build_finding(table, own, expected[table], database.vendor)


def _build_finding(
    table: str, own: list[SchemaDifference], model: ExpectedTable, vendor: str
) -> Finding:
    described = "; ".join(map(_describe_drift, own[:3]))
    more = f"; and {len(own) - 3} more" if len(own) > 3 else ""
    return Finding(
        severity=max((_drift_severity(one) for one in own), key=list(Severity).index),
        subject=table,
        message=(
            f"The table {table} is not as the migrations of {model.app_label} leave it: "
            f"{described}{more}."
        ),
        remediation=_build_remediation(own),
        phase=Phase.RUNTIME,
        impact=Impact.DATA_LOSS if any(_loses_data(one) for one in own) else Impact.OUTAGE,
        commands=tuple(statement for one in own for statement in repair(one, model, vendor)),
        evidence=tuple(
            f"{_qualified_name(one)}: expected {one.expected}, found {one.found}" for one in own
        ),
        references=(RESTORE,),
    )


def _drift_severity(one: SchemaDifference) -> Severity:
    """What the code relies on blocks; what only slows it down, or is too much, warns."""
    slow = one.what == "index" and one.how in ("missing", "other", "invalid")
    return Severity.WARNING if slow or one.how in ("extra", "not validated") else Severity.BLOCKER


def _loses_data(one: SchemaDifference) -> bool:
    return one.how == "missing" and one.what in ("table", "column")


def _qualified_name(one: SchemaDifference) -> str:
    return f"{one.table}.{one.subject}" if one.subject else one.table


def _describe_drift(one: SchemaDifference) -> str:
    subject = one.subject or "the table itself"
    if one.what in ("type", "nullability"):
        return f"{subject} is {one.found} instead of {one.expected}"
    kind = {"primary": "primary key", "foreign": "foreign key"}.get(one.what, one.what)
    kind = f"{kind} constraint" if one.what in ("unique", "check") else kind
    states = {
        "missing": f"{kind} {subject} is missing" if one.subject else "it is missing",
        "other": f"{kind} {subject} is {one.found}",
        "extra": f"{kind} {subject} is none of theirs",
        "invalid": f"{kind} {subject} is invalid",
        "not validated": f"{kind} {subject} was never validated",
    }
    return states[one.how]


def _build_remediation(own: list[SchemaDifference]) -> str:
    text = (
        "If migrate was interrupted, finish that first (migrations.partially_applied says how)."
        " Else take a backup and run the statements below, in psql or mysql, as the owner of the"
        " table."
    )
    if any(_loses_data(one) for one in own):
        text += (
            " They bring back an empty table or column; what it held is in the last backup only."
        )
    if any(one.how == "extra" for one in own):
        text += " What is too much may be somebody's on purpose: ask before you drop it."
    return text
