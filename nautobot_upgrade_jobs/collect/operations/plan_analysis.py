"""Analyze the operations of pending migrations, in the order in which they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from ...facts import Unavailable, or_none
from ...facts.preconditions import (
    CostKind,
    OperationCost,
    Precondition,
    PreconditionKind,
    RunningCodeConflict,
)
from ...migration_graph.schema_simulation import ObjectChange
from ..context import attempt
from .column_indexes import column_indexes
from .declared_changes import makes_change, requires_rows
from .derive_costs import PartCost, operation_costs
from .derive_preconditions import preconditions_of
from .known_names import KnownNames
from .running_code import running_code_conflict
from .schema_conflicts import PlannedChange, list_object_changes
from .schema_tracker import SchemaTracker, Step, TableRef
from .source import Code, find_fixing_code, read_code
from .source_text import find_referenced_models

QUOTED_NAME = re.compile(r"[\"`](\w+)[\"`]")
WORD = re.compile(r"\w+")
SQL_CONDITIONS = (PreconditionKind.CHECK, PreconditionKind.NUMERIC_RANGE)


class PlanAnalysis(NamedTuple):
    """What the operations of a plan require, cost, change and run, in their order."""

    preconditions: list[Precondition]
    costs: list[OperationCost]
    planned: list[PlannedChange]
    code: list[Code]
    running_code: list[RunningCodeConflict]


def analyze_plan(tracker: SchemaTracker, plan: Sequence[Migration]) -> PlanAnalysis:
    """Replay a plan once.

    Args:
        tracker: The models before the plan. Afterwards it has the models after the plan.
        plan: The migrations, in order.
    """
    preconditions: list[Precondition] = []
    costs: list[OperationCost] = []
    planned: list[PlannedChange] = []
    code: list[Code] = []
    running_code: list[RunningCodeConflict] = []
    known = KnownNames()
    for number, migration in enumerate(plan):
        name = f"{migration.app_label}.{migration.name}"
        for step in tracker.replay(migration):
            operation, table = step.operation, step.table
            kind = type(operation).__name__
            known.record(operation, migration.app_label)
            # A code operation changes no schema, except by what it declares.
            earlier_code = len(code)
            if own_code := read_code(migration, operation):
                code.append(own_code)
                costs += _code_costs(tracker, own_code)
            running_code += (
                RunningCodeConflict(name, kind, reason)
                for reason in _running_code_conflicts(step, tracker, own_code)
            )
            planned += (
                PlannedChange(change, name, kind, number, earlier_code, stops)
                for change, stops in _object_changes(step, migration.app_label, tracker, own_code)
            )
            preconditions += (
                replace(each, migrations_before=number, migration=name, operation=kind)
                for each in _preconditions(step, tracker, known, code, own_code)
            )
            if table:
                costs += [
                    OperationCost(part.kind, name, kind, table.table, lock=part.lock)
                    for part in derive_costs(operation, tracker, table)
                ]
        planned += (
            PlannedChange(change, name, type(operation).__name__, number, len(code))
            for operation, change in column_indexes(migration, tracker.state)
        )
    return PlanAnalysis(preconditions, costs, planned, code, running_code)


def _object_changes(
    step: Step, app: str, tracker: SchemaTracker, code: Code | None
) -> Iterator[tuple[ObjectChange, bool]]:
    """Yield the changes of a step, and whether it stops where the schema refuses them."""
    for change in list_object_changes(step.operation, app, tracker.state):
        yield change, True
    for operation, _ in step.declared:
        for change in list_object_changes(operation, app, tracker.state):
            yield change, bool(code) and makes_change(code.text, change)


def _running_code_conflicts(step: Step, tracker: SchemaTracker, code: Code | None) -> Iterator[str]:
    """Yield why the installed release cannot run while or after a step runs."""
    operation, table = step.operation, step.table
    if code:
        if code.may_write or any(part.effects.changes_schema for part in code.parts or ()):
            yield "its code writes rows or changes the schema"
    elif table:
        conflicts = attempt(
            lambda: tuple(running_code_conflict(operation, tracker, table)), expected=Exception
        )
        yield from ((conflicts.reason,) if isinstance(conflicts, Unavailable) else conflicts)


def _preconditions(
    step: Step,
    tracker: SchemaTracker,
    known: KnownNames,
    code: Sequence[Code],
    own_code: Code | None,
) -> Iterator[Precondition]:
    """Yield what a step requires of existing rows, with the code that may fix them.

    Args:
        step: The operation.
        tracker: The models before it.
        known: The names that models and fields had earlier.
        code: The code that the plan has run, with that of the step.
        own_code: The code of the step.
    """
    if extension := _created_extension(step.operation):
        yield Precondition(PreconditionKind.EXTENSION, "", "", "", name=extension)
    for operation, table in ((step.operation, step.table), *step.declared):
        for each in derive_preconditions(operation, tracker, table) if table else ():
            is_declared = operation is not step.operation
            if table and (not is_declared or (own_code and requires_rows(own_code.text, each))):
                names = known.of_fields(table, field_names(operation, each))
                models = known.of_model(table, tracker.model_state(table))
                fixed_by = find_fixing_code(code, each.kind, names, models)
                yield replace(each, possibly_fixed_by=fixed_by)


def _created_extension(operation: Operation) -> str:
    """Return the extension of PostgreSQL that an operation creates. Empty if none.

    The class is known by its name, because loading ``django.contrib.postgres`` needs a driver.
    """
    names = {each.__name__ for each in type(operation).__mro__}
    is_creation = "CreateExtension" in names and connection.vendor == "postgresql"
    return str(getattr(operation, "name", "")) if is_creation else ""


def _code_costs(tracker: SchemaTracker, code: Code) -> Iterator[OperationCost]:
    """Yield the cost of code for each table that it names, or for an unknown table."""
    tables = [tracker.current_table(*model) for model in find_referenced_models(code.text)]
    for table in tables or [None]:
        yield OperationCost(CostKind.DATA_MIGRATION, code.migration, code.operation, table or "")


def field_names(operation: Operation, precondition: Precondition) -> set[str]:
    """Return the names of the fields and columns of a precondition, before and after renames."""
    names = {*precondition.columns, *precondition.name.split("+"), getattr(operation, "name", "")}
    constraint = getattr(operation, "constraint", None)
    names.update(getattr(constraint, "fields", ()))
    # The condition of a constraint, in which each lookup begins with the name of a field.
    names.update(WORD.findall(repr(constraint).replace("__", " ")))
    names.update(*(getattr(operation, "option_value", None) or ()))
    if precondition.kind in SQL_CONDITIONS:
        names.update(QUOTED_NAME.findall(precondition.bound))
    return {each for name in names for each in (name, name.removesuffix("_id"))} - {""}


def derive_preconditions(
    operation: Operation, tracker: SchemaTracker, table: TableRef
) -> list[Precondition]:
    """Return the preconditions of an operation. One untested precondition if the analysis fails.

    Operations and fields of Apps can raise any exception. Other operations are still analyzed.
    """
    preconditions = attempt(
        lambda: list(preconditions_of(operation, tracker, table)), expected=Exception
    )
    if isinstance(preconditions, Unavailable):
        reason = preconditions.reason
        return [Precondition(PreconditionKind.UNTESTED, "", "", table.table, bound=reason)]
    return preconditions


def derive_costs(operation: Operation, tracker: SchemaTracker, table: TableRef) -> list[PartCost]:
    """Return the costs of an operation. Empty if it cannot be analyzed.

    ``derive_preconditions`` reports an operation that cannot be analyzed.
    """
    costs = attempt(lambda: list(operation_costs(operation, tracker, table)), expected=Exception)
    return or_none(costs) or []
