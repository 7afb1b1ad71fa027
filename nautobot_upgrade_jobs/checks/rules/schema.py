"""The live schema: is it what the applied migrations made?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ...catalog import Catalog
from ...facts import Database, Migrations, MissingFactError, Models, Schema, known
from ...facts.models import ModelTable
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


@check(when="after")
def tables(
    schema: Schema, models: Models, migrations: Migrations, database: Database, catalog: Catalog
) -> Iterator[Finding]:
    """Every table is as the applied migrations leave it.

    Why: a migration that stopped half-way, was faked, or met a hand-made change leaves a schema in
        which pages and Jobs fail one by one, long after `migrate` said OK.
    Fix: make the difference undone by the statements shown, after a backup; or restore one.
    """
    history = History(migrations)
    if newer := set(history.unknown) & catalog.all_core_migrations:
        raise MissingFactError(
            f"{plural(len(newer), 'migration')} of a newer release is recorded, such as "
            f"{min(newer)}: what it made of the schema, only its code can say"
        )
    expected, live = known(models.tables), live_tables(schema)
    unfinished = begun(history, live, expected)  # migrations.half_applied tells of these
    found: dict[str, list[SchemaDifference]] = defaultdict(list)
    for one in differences(expected, live):
        if not any(migration.explains(one) for migration in unfinished):
            found[one.table].append(one)
    for table, own in found.items():
        yield _finding(table, own, expected[table], database.vendor)


def _finding(table: str, own: list[SchemaDifference], model: ModelTable, vendor: str) -> Finding:
    return Finding(
        severity=max((_severity(one) for one in own), key=list(Severity).index),
        subject=table,
        message=f"The table {table} is not as the migrations of {model.app} leave it: "
        f"{'; '.join(map(_said, own[:3]))}{f'; and {len(own) - 3} more' if len(own) > 3 else ''}.",
        remediation=_remediation(own),
        phase=Phase.RUNTIME,
        impact=Impact.DATA_LOSS if any(_lost(one) for one in own) else Impact.OUTAGE,
        commands=tuple(statement for one in own for statement in repair(one, model, vendor)),
        evidence=tuple(f"{_name(one)}: expected {one.expected}, found {one.found}" for one in own),
        references=(RESTORE,),
    )


def _severity(one: SchemaDifference) -> Severity:
    """What the code relies on blocks; what only slows it down, or is too much, warns."""
    slow = one.what == "index" and one.how in ("missing", "other", "invalid")
    return Severity.WARNING if slow or one.how in ("extra", "not validated") else Severity.BLOCKER


def _lost(one: SchemaDifference) -> bool:
    return one.how == "missing" and one.what in ("table", "column")


def _name(one: SchemaDifference) -> str:
    return f"{one.table}.{one.subject}" if one.subject else one.table


def _said(one: SchemaDifference) -> str:
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


def _remediation(own: list[SchemaDifference]) -> str:
    text = (
        "If migrate was interrupted, finish that first (migrations.half_applied says how). Else "
        "take a backup and run the statements below, in psql or mysql, as the owner of the table."
    )
    if any(_lost(one) for one in own):
        text += (
            " They bring back an empty table or column; what it held is in the last backup only."
        )
    if any(one.how == "extra" for one in own):
        text += " What is too much may be somebody's on purpose: ask before you drop it."
    return text
