"""Rendered differences. No decision depends on these texts."""

import pytest

from nautobot_upgrade_jobs.facts import Migrations, Unavailable
from nautobot_upgrade_jobs.facts.migrations import Migration
from nautobot_upgrade_jobs.snapshot import expected_changes, migration_effects, text
from nautobot_upgrade_jobs.snapshot.difference import (
    Buckets,
    Difference,
    Item,
    NotComparable,
    Quantity,
    Unit,
    UnmetDataMove,
)
from tests.support.builders import altered, altering, removed, renamed
from tests.support.snapshot_states import (
    column,
    contents,
    counted,
    found,
    listings,
    old,
    rows_of,
    state,
    table,
    upgraded,
)


def rows(count, fingerprint=""):
    return Quantity(count, Unit.ROWS, fingerprint)


def values(count, fingerprint=""):
    return Quantity(count, Unit.VALUES, fingerprint)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "str, digest 0123456789abcdef",
            "str, digest fedcba9876543210",
            "x has changed: str",
            id="only the digest",
        ),
        pytest.param(
            "str, digest 0123456789abcdef",
            "int, digest fedcba9876543210",
            "x has changed from str to int",
            id="type and digest",
        ),
        pytest.param(
            "0123456789abcdef", "fedcba9876543210", "x has changed", id="nothing but a digest"
        ),
        pytest.param(
            "3 members, 0123456789abcdef",
            "3 members, fedcba9876543210",
            "x has changed: 3 members",
            id="same number",
        ),
        pytest.param(
            "3 members, 0123456789abcdef",
            "4 members, fedcba9876543210",
            "x has changed from 3 members to 4 members",
            id="other number",
        ),
        pytest.param(
            "enabled", "disabled", "x has changed from enabled to disabled", id="no digest"
        ),
    ],
)
def test_describe_difference_item_omits_digests(before, after, expected):
    difference = Difference("automation.hooks", "x", Item(before), Item(after))
    assert text.describe_difference(difference) == expected
    assert text.describe_state(difference.before) == before


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, Item("enabled"), "x is new: enabled", id="new"),
        pytest.param(None, Item("0123456789abcdef"), "x is new", id="new with a digest"),
        pytest.param(Item("enabled"), None, "x is missing, before: enabled", id="missing"),
        pytest.param(None, rows(1), "x: new, with 1 row", id="new table"),
        pytest.param(rows(2), None, "x: missing, with 2 rows", id="missing table"),
        pytest.param(rows(3), rows(2), "x: 2 rows, 1 fewer than before", id="fewer rows"),
        pytest.param(rows(3), rows(5), "x: 5 rows, 2 more than before", id="more rows"),
        pytest.param(
            rows(3, "aa"),
            rows(3, "bb"),
            "x: 3 rows as before, but different ones, because rows were replaced",
            id="replaced rows",
        ),
        pytest.param(values(3), values(4), "x: 1 more values than before", id="more values"),
        pytest.param(
            values(3, "aa"), values(3, "bb"), "x: the same rows, other values", id="other values"
        ),
    ],
)
def test_describe_difference_by_states(before, after, expected):
    assert text.describe_difference(Difference("section", "x", before, after)) == expected


def test_describe_difference_lost_values():
    difference = Difference("fingerprints", "t.c", values(3), values(1), loses_data=True)
    assert text.describe_difference(difference) == "t.c: 2 values fewer than the 3 before"


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        pytest.param(Buckets((7,), 255), "1 of 255 buckets (7)", id="one"),
        pytest.param(
            Buckets(tuple(range(11)), 256),
            "11 of 256 buckets (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 …)",
            id="truncated",
        ),
    ],
)
def test_describe_difference_buckets(buckets, expected):
    difference = Difference("fingerprints", "t.c", values(3), values(3), buckets=buckets)
    assert text.describe_difference(difference) == f"t.c: other values in {expected}"


def test_describe_not_comparable_names_the_values():
    entry = NotComparable("fingerprints", "t", "reason", only_values=True)
    assert text.describe_not_comparable(entry) == "t values cannot be compared"


def test_describe_unmet_move_has_both_numbers():
    move = UnmetDataMove("new_table", 4, 3)
    assert text.describe_unmet_move(move) == (
        "new_table should contain 4 rows for it, but contains 3"
    )


MOVED = (
    Migration("dcim.0089_populate_cabletocabletermination", (), ()),
    Migration("dcim.0090_remove_cable_old_gfk_fields", (), ()),
)
END = column("termination_a_id")
STATES = {
    "an incomplete data move": (
        old(fingerprints=rows_of(dcim_cable=table(column("label"), END))),
        upgraded(
            *MOVED,
            fingerprints=rows_of(
                dcim_cable=table(column("label")), dcim_cabletocabletermination=table(rows=1)
            ),
        ),
    ),
    "a truncated log": (
        state(fingerprints=rows_of(extras_jobresult=table(rows=2))),
        state(fingerprints=rows_of(extras_jobresult=table(rows=1))),
    ),
    "an emptied log": (
        state(fingerprints=rows_of(extras_jobresult=table(rows=2))),
        state(fingerprints=rows_of(extras_jobresult=table(rows=0))),
    ),
    "metadata without orphans": (
        old(
            fingerprints=rows_of(
                extras_objectmetadata=table(
                    column("assigned_object_type_id", non_null_count=2), rows=3
                )
            )
        ),
        upgraded(
            Migration("extras.0144_delete_orphaned_object_metadata", (), ()),
            fingerprints=rows_of(
                extras_objectmetadata=table(
                    column("assigned_object_type_id", non_null_count=2), rows=2
                )
            ),
        ),
    ),
    "a group of Jobs with more members": (
        old(
            filter_results=listings(
                "filter_results", dynamic_groups=counted("extras.job, dynamic-filter: 3", 3)
            )
        ),
        upgraded(
            filter_results=listings(
                "filter_results", dynamic_groups=counted("extras.job, dynamic-filter: 4", 4)
            )
        ),
    ),
    "a group with fewer static members": (
        state(
            filter_results=listings(
                "filter_results", dynamic_groups=counted("static: 3", 3, is_user_data=True)
            )
        ),
        state(
            filter_results=listings(
                "filter_results", dynamic_groups=counted("static: 2", 2, is_user_data=True)
            )
        ),
    ),
    "an invalid index": (
        old(),
        upgraded(
            altering("dcim.0098", altered("t")),
            schema=listings("schema", indexes={"t.i": "btree (name)"}),
        ),
    ),
    "a removed and a renamed column": (
        old(
            schema=listings("schema", columns={"t.name": "text", "t.a": "text"}),
            fingerprints=rows_of(t=table(column("a"), column("x"))),
        ),
        upgraded(
            altering("dcim.0098", removed("t", "name"), renamed("t", "a", to="b")),
            fingerprints=rows_of(t=table(column("b"), column("x"))),
        ),
    ),
    "values of a table with added rows": (
        state(fingerprints=rows_of(extras_status=table(column("color")))),
        state(
            fingerprints=rows_of(
                extras_status=table(column("color", "f" * 16, 4), rows=4, key_fingerprint="f" * 16)
            )
        ),
    ),
    "a missing topic": (state(automation=Unavailable("no access")), state()),
    "another collation": (state(), state(fingerprints=contents(collation="de"))),
    "a missing record": (state(), state(migrations=Migrations((), (), ("dcim",)))),
}


@pytest.mark.parametrize("name", STATES)
def test_compare_change_kinds_do_not_depend_on_texts(name, monkeypatch):
    before, after = STATES[name]
    expected = found(before, after)
    assert expected
    renderers = [function for function in vars(text) if function.startswith("describe_")]
    assert len(renderers) >= 4
    for function in renderers:
        monkeypatch.setattr(text, function, lambda *_: "reworded 7 rows, 0 rows, INVALID")
    for module in (expected_changes, migration_effects):
        original = module.Explanation
        monkeypatch.setattr(
            module, "Explanation", lambda *_, made=original: made("reworded 7 rows", "")
        )
    assert found(before, after) == expected
