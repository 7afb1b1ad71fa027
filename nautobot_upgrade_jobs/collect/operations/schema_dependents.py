"""Find database objects that no migration created, and how pending operations affect them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db.migrations.state import ProjectState

from ...facts.schema_dependents import (
    AffectedDependent,
    DependentEffect,
    DependentKind,
    SchemaDependent,
)
from ...migration_graph.dependent_simulation import DependentSimulation
from ..context import Context
from .dependent_objects import mysql_dependents, postgresql_dependents, read_triggers
from .schema_conflicts import PlannedChange
from .schema_tracker import TableRef
from .source import Code
from .source_text import find_referenced_models
from .table_names import build_m2m_table_name, build_table_name, has_own_m2m_table, has_table

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def find_affected_dependents(
    context: Context,
    planned: Sequence[PlannedChange],
    before: ProjectState,
    code: Sequence[Code] = (),
    plan: Sequence[str] = (),
) -> Iterator[AffectedDependent]:
    """Yield what the planned changes do to objects that no migration created, in their order.

    Args:
        context: The database.
        planned: The changes of the plan, in order.
        before: The models before the plan.
        code: The code that the plan runs.
        plan: The keys of the migrations, in order.
    """
    connection = context.connection
    find = postgresql_dependents if connection.vendor == "postgresql" else mysql_dependents
    simulation = DependentSimulation(find(connection, _list_tables(before)), connection.vendor)
    for each in planned:
        for dependent, effect in simulation.apply(each.change):
            yield AffectedDependent(
                dependent, effect, each.migration, each.operation, each.migrations_before
            )
    yield from _running_triggers(connection, before, code, plan)


def _running_triggers(
    connection: BaseDatabaseWrapper,
    before: ProjectState,
    code: Sequence[Code],
    plan: Sequence[str],
) -> Iterator[AffectedDependent]:
    """Yield the enabled triggers on the tables of the models that writing code names."""
    triggers = [
        SchemaDependent(DependentKind.TRIGGER, name, table)
        for name, table, _ in read_triggers(connection)
    ]
    for each in code if triggers else ():
        if not each.may_write:
            continue
        models = (
            before.models.get((app, model)) for app, model in find_referenced_models(each.text)
        )
        tables = {
            build_table_name(model.app_label, model.name_lower, model.options)
            for model in models
            if model
        }
        for trigger in triggers:
            if trigger.table in tables:
                number = plan.index(each.migration)
                yield AffectedDependent(
                    trigger, DependentEffect.RUNS, each.migration, each.operation, number
                )


def _list_tables(state: ProjectState) -> frozenset[str]:
    """Return the tables that migrations have created."""
    tables = set()
    for (app, name), model in state.models.items():
        if has_table(model.options):
            table = TableRef(app, name, build_table_name(app, name, model.options))
            tables.add(table.table)
            tables.update(
                build_m2m_table_name(table, field_name, field)
                for field_name, field in model.fields.items()
                if has_own_m2m_table(field)
            )
    return frozenset(tables)
