"""Changes between two states, classified as expected or not."""

import pytest

from nautobot_upgrade_jobs.facts import Facts, Unavailable
from nautobot_upgrade_jobs.snapshot.compare import ChangeKind, compare
from nautobot_upgrade_jobs.snapshot.listing_diff import LISTED_TOPICS
from tests.support.builders import CATALOG
from tests.support.snapshot_states import column, found, old, rows_of, state, table, upgraded

COMPARED_TOPICS = {
    "runtime",
    "database",
    "redis",
    "packages",
    "apps",
    "settings",
    "migrations",
    "system_checks",
    "storage",
    "fingerprints",
    *LISTED_TOPICS,
}


def test_compare_equal_states_have_no_changes():
    assert found(state(), state()) == []


@pytest.mark.parametrize("topic", Facts.topics())
def test_compare_unavailable_topic_is_not_comparable(topic):
    """The other topics describe the present only and are not compared."""
    for before, after in (
        (state(**{topic: Unavailable("no access")}), state()),
        (state(), state(**{topic: Unavailable("no access")})),
    ):
        kinds = {change.kind for change in compare(before, after, CATALOG)}
        assert kinds == ({ChangeKind.NOT_COMPARABLE} if topic in COMPARED_TOPICS else set())


def test_compare_values_of_an_expected_table_with_added_rows_are_not_comparable():
    before = old(fingerprints=rows_of(extras_status=table(column("color"))))
    grown = table(column("color", "f" * 16, 4), rows=4, key_fingerprint="f" * 16)
    assert found(before, upgraded(fingerprints=rows_of(extras_status=grown)))[-2:] == [
        ("expected", "fingerprints", "extras_status"),
        ("not_comparable", "fingerprints", "extras_status values"),
    ]


def test_compare_values_of_a_volatile_table_with_added_rows_are_silent():
    before = rows_of(constance_constance=table(column("key"), rows=0, keys="0" * 16))
    after = rows_of(constance_constance=table(column("key"), rows=1))
    assert found(state(fingerprints=before), state(fingerprints=after)) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"t": table(rows=3)}, {"t": table(rows=5)}, (3, 5), id="changed"),
        pytest.param({}, {"t": table(rows=5)}, (0, 5), id="new"),
        pytest.param({"t": table(rows=3)}, {}, (3, 0), id="missing"),
        pytest.param(
            {"t": table(column("c"))}, {"t": table(column("c", "f" * 16))}, None, id="column"
        ),
    ],
)
def test_compare_row_counts_only_of_tables(before, after, expected):
    (change,) = compare(
        state(fingerprints=rows_of(**before)), state(fingerprints=rows_of(**after)), CATALOG
    )
    assert change.row_counts == expected
