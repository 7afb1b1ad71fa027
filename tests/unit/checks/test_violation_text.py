"""Describing violated preconditions: one sentence for each kind."""

import pytest

from nautobot_upgrade_jobs.checks.violation_text import describe_violation
from nautobot_upgrade_jobs.facts.preconditions import (
    Precondition,
    PreconditionKind,
    PreconditionResult,
)

MORE_THAN_64 = "2 rows of thing have more than 64 characters in name"


@pytest.mark.parametrize(
    ("kind", "bound", "text"),
    [
        (PreconditionKind.UNIQUE, "", "In thing, 2 values of name occur more than once"),
        (PreconditionKind.NOT_NULL, "", "2 rows of thing have no value in name"),
        (PreconditionKind.MAX_LENGTH, "64", MORE_THAN_64),
        (PreconditionKind.TRUNCATES, "64", MORE_THAN_64),
        (
            PreconditionKind.NUMERIC_RANGE,
            "name < 9",
            "2 rows of thing have a number in name that is too large for its new type",
        ),
        (
            PreconditionKind.FOREIGN_KEY,
            "other.id",
            "2 rows of thing have a value in name that refers to no row of other",
        ),
        (PreconditionKind.CHECK, "a > 0", "2 rows of thing violate the condition a > 0"),
    ],
)
def test_describe_violation_of_each_kind_names_count_table_and_column(kind, bound, text):
    precondition = Precondition(kind, "app.0002", "AlterField", "thing", ("name",), bound)
    assert describe_violation(PreconditionResult(precondition, 2)) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            PreconditionKind.UNIQUE,
            "The table thing has rows, and the new field 'code' has one value for all of them",
        ),
        (
            PreconditionKind.NOT_NULL,
            "The table thing has rows, and the new field 'code' has no value for them",
        ),
    ],
)
def test_describe_violation_of_a_new_field_names_the_field(kind, text):
    precondition = Precondition(kind, "app.0002", "AddField", "thing", name="code")
    assert describe_violation(PreconditionResult(precondition, 2)) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (PreconditionKind.UNIQUE, "In thing, 1 value of name occurs more than once"),
        (PreconditionKind.NOT_NULL, "1 row of thing has no value in name"),
        (PreconditionKind.CHECK, "1 row of thing violates the condition "),
    ],
)
def test_describe_violation_of_one_row_uses_the_singular(kind, text):
    precondition = Precondition(kind, "app.0002", "AlterField", "thing", ("name",))
    assert describe_violation(PreconditionResult(precondition, 1)) == text
