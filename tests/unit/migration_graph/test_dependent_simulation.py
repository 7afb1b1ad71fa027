"""What changes of a plan do to an object that uses a table; the live tests show it on servers."""

import pytest

from nautobot_upgrade_jobs.facts.schema_conflicts import ObjectKind, SchemaObject
from nautobot_upgrade_jobs.facts.schema_dependents import (
    DependentEffect,
    DependentKind,
    SchemaDependent,
)
from nautobot_upgrade_jobs.migration_graph.dependent_simulation import DependentSimulation
from nautobot_upgrade_jobs.migration_graph.schema_simulation import Action, ObjectChange

STOPS, BREAKS, DROPPED, _ = DependentEffect
VIEW = SchemaDependent(DependentKind.VIEW, "v", "thing", "name")
MYSQL_VIEW = SchemaDependent(DependentKind.VIEW, "v", "thing", "name", is_tracked=False)
TRIGGER = SchemaDependent(DependentKind.TRIGGER, "t on thing", "thing")
TRIGGER_CODE = SchemaDependent(
    DependentKind.TRIGGER, "t on thing", "thing", "name", is_tracked=False
)
FOREIGN_KEY = SchemaDependent(DependentKind.FOREIGN_KEY, "f on x", "thing", "id")
GENERATED = SchemaDependent(DependentKind.GENERATED_COLUMN, "thing.g", "thing", "name")


def table(action, name="thing", new_name=""):
    return ObjectChange(action, SchemaObject(ObjectKind.TABLE, name), new_name)


def column(action, name="name", new_name="", of="thing", *, changes_type=False):
    target = SchemaObject(ObjectKind.COLUMN, of, name)
    return ObjectChange(action, target, new_name, changes_type=changes_type)


NEW_TYPE = column(Action.ALTER, changes_type=True)
INDEX = ObjectChange(Action.DROP, SchemaObject(ObjectKind.INDEX, "thing", "name"))


@pytest.mark.parametrize(
    ("vendor", "dependent", "changes", "effects"),
    [
        ("postgresql", VIEW, [NEW_TYPE], [STOPS]),
        ("postgresql", VIEW, [column(Action.ALTER)], []),
        ("postgresql", VIEW, [column(Action.DROP)], [DROPPED]),
        ("postgresql", VIEW, [column(Action.DROP, "size")], []),
        ("postgresql", VIEW, [column(Action.DROP, of="other")], []),
        ("postgresql", VIEW, [column(Action.CREATE)], []),
        ("postgresql", VIEW, [INDEX], []),
        ("postgresql", VIEW, [column(Action.RENAME, new_name="title")], []),
        (
            "postgresql",
            VIEW,
            [column(Action.RENAME, new_name="title"), column(Action.DROP, "title")],
            [DROPPED],
        ),
        (
            "postgresql",
            VIEW,
            [column(Action.RENAME, new_name="title"), column(Action.CREATE), column(Action.DROP)],
            [],
        ),
        (
            "postgresql",
            VIEW,
            [table(Action.RENAME, new_name="item"), column(Action.DROP, of="item")],
            [DROPPED],
        ),
        ("postgresql", VIEW, [table(Action.DROP), table(Action.DROP)], [DROPPED]),
        ("postgresql", FOREIGN_KEY, [table(Action.DROP)], [DROPPED]),
        ("postgresql", FOREIGN_KEY, [column(Action.ALTER, "id", changes_type=True)], []),
        ("postgresql", TRIGGER_CODE, [column(Action.RENAME, new_name="title")], [BREAKS]),
        ("postgresql", TRIGGER_CODE, [NEW_TYPE], []),
        ("postgresql", TRIGGER_CODE, [table(Action.DROP)], []),
        ("postgresql", TRIGGER, [table(Action.DROP)], [DROPPED]),
        ("mysql", MYSQL_VIEW, [NEW_TYPE], []),
        ("mysql", MYSQL_VIEW, [column(Action.DROP)], [BREAKS]),
        ("mysql", MYSQL_VIEW, [table(Action.RENAME, new_name="item")], [BREAKS]),
        ("mysql", FOREIGN_KEY, [table(Action.DROP)], [STOPS]),
        ("mysql", FOREIGN_KEY, [table(Action.RENAME, new_name="item")], []),
        ("mysql", FOREIGN_KEY, [column(Action.ALTER, "id", changes_type=True)], [STOPS]),
        ("mysql", GENERATED, [column(Action.RENAME, new_name="title")], [STOPS]),
        ("mysql", GENERATED, [NEW_TYPE], []),
        ("mysql", TRIGGER, [table(Action.DROP)], [DROPPED]),
        ("mysql", GENERATED, [table(Action.DROP)], [DROPPED]),
    ],
)
def test_dependent_simulation_yields_the_effects(vendor, dependent, changes, effects):
    simulation = DependentSimulation([dependent], vendor)
    found = [one for change in changes for one in simulation.apply(change)]
    assert [one.effect for one in found] == effects
    assert all(one.dependent == dependent for one in found)


SIZE = SchemaDependent(DependentKind.VIEW, "v", "thing", "size")
ELSEWHERE = SchemaDependent(DependentKind.VIEW, "v", "other", "name")
WHEN_NAME = SchemaDependent(DependentKind.TRIGGER, "t on thing", "thing", "name")
NEW_SIZE = column(Action.ALTER, "size", changes_type=True)


@pytest.mark.parametrize(
    ("dependents", "changes", "effects"),
    [
        ([VIEW, SIZE], [column(Action.DROP), NEW_SIZE], [DROPPED]),
        ([VIEW, ELSEWHERE], [table(Action.DROP), column(Action.DROP, of="other")], [DROPPED]),
        ([WHEN_NAME, TRIGGER_CODE], [column(Action.DROP)], [DROPPED]),
        ([VIEW, TRIGGER_CODE], [column(Action.DROP)], [DROPPED, BREAKS]),
    ],
)
def test_dependent_simulation_forgets_an_object_that_was_dropped(dependents, changes, effects):
    simulation = DependentSimulation(dependents, "postgresql")
    found = [one for change in changes for one in simulation.apply(change)]
    assert [one.effect for one in found] == effects
