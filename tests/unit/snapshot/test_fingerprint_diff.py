"""Differences between rows and values of two states, by their fingerprints."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.snapshot.difference import Buckets
from nautobot_upgrade_jobs.snapshot.fingerprint_diff import fingerprint_differences
from tests.support.snapshot_states import column, contents, found, rows_of, state, table

NAME = column("name")
OTHER = "00000000000000ff"


def buckets(*differing, usual="1"):
    """256 fingerprints, of which these differ."""
    return "".join((OTHER if n in differing else usual.zfill(16)) for n in range(256))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # other order of columns, empty columns, other types with the same hash
        (table(NAME, column("serial")), table(column("serial"), NAME), []),
        (table(NAME), table(NAME, column("new", non_null_count=0)), []),
        (table(NAME, column("old", non_null_count=0)), table(NAME), []),
        (table(column("number", kind="int4")), table(column("number", kind="int8")), []),
        (table(column("slug", kind="varchar")), table(column("slug", kind="text")), []),
        # rows
        (table(NAME), table(column("name", OTHER, 2), rows=2, key_fingerprint=OTHER), ["lost t"]),
        (
            table(NAME),
            table(column("name", OTHER, 4), rows=4, key_fingerprint=OTHER),
            ["unexpected t"],
        ),
        (table(NAME), table(column("name", OTHER), key_fingerprint=OTHER), ["lost t"]),
        # values
        (table(NAME), table(column("name", OTHER)), ["unexpected t.name"]),
        (table(NAME), table(column("name", OTHER, 2)), ["lost t.name"]),
        (table(NAME), table(column("name", "0" * 16, 0)), ["lost t.name"]),
        (
            table(column("name", non_null_count=2)),
            table(column("name", OTHER)),
            ["unexpected t.name"],
        ),
        (table(NAME), table(), []),  # no columns in one snapshot
        (table(NAME, column("old")), table(NAME), ["lost t.old"]),
        (table(NAME), table(NAME, column("new")), ["unexpected t.new"]),
        (
            table(column("name", kind="json")),
            table(column("name", OTHER, kind="jsonb")),
            ["not_comparable t.name"],
        ),
        # emptied while rows were replaced
        (
            table(NAME),
            table(column("name", "0" * 16, 0), rows=4, key_fingerprint=OTHER),
            ["unexpected t", "lost t.name"],
        ),
        # a table that is empty on one side is comparable
        (table(rows=0), table(NAME), ["unexpected t"]),
        (table(column("name", "0" * 16, 0), rows=0), table(NAME), ["unexpected t"]),
        (table(NAME), table(column("name", "0" * 16, 0), rows=0), ["lost t"]),
        (
            table(column("id", kind="int4"), rows=0),
            table(column("id", kind="uuid")),
            ["unexpected t"],
        ),
        (table(rows=0), table(rows=0), []),
        # keys
        (
            table(NAME, primary_key=(), key_fingerprint=None),
            table(NAME, primary_key=(), key_fingerprint=None),
            ["not_comparable t", "not_comparable t values"],
        ),
        (table(NAME), table(NAME, primary_key=("name",)), ["not_comparable t"]),
    ],
)
def test_fingerprint_differences_one_table(before, after, expected):
    changes = found(state(fingerprints=rows_of(t=before)), state(fingerprints=rows_of(t=after)))
    assert [f"{kind} {subject}" for kind, _, subject in changes] == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"t": table(rows=2)}, ["unexpected t"]),
        ({}, {"t": table(rows=0)}, []),
        ({"t": table(rows=2)}, {}, ["lost t"]),
        ({"t": table(rows=0)}, {}, []),
        ({"t": table()}, {"t": Unavailable("timeout")}, ["not_comparable t"]),
        ({"t": Unavailable("timeout")}, {"t": Unavailable("timeout")}, ["not_comparable t"]),
        (
            {"django_session": table(rows=9)},
            {"django_session": table(rows=1, key_fingerprint=OTHER)},
            [],
        ),
        (
            {"extras_jobresult": table(rows=1)},
            {"extras_jobresult": table(rows=2, key_fingerprint=OTHER)},
            [],
        ),
        (
            {"extras_jobresult": table(rows=2)},
            {"extras_jobresult": table(rows=1, key_fingerprint=OTHER)},
            ["unexpected extras_jobresult"],  # a truncated log
        ),
        (
            {"users_user": table(column("last_login"))},
            {"users_user": table(column("last_login", OTHER))},
            [],
        ),
    ],
)
def test_fingerprint_differences_by_table_name(before, after, expected):
    changes = found(state(fingerprints=rows_of(**before)), state(fingerprints=rows_of(**after)))
    assert [f"{kind} {subject}" for kind, _, subject in changes] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "postgresql-hash-extended/0"},
        {"key_id": "0123456789abcdef"},
        {"server": "postgresql 17"},
        {"server": "mysql 8"},
        {"collation": "en_US.UTF-8"},
    ],
)
def test_fingerprint_differences_of_other_kind_compare_counts_only(changes):
    before = contents(tables={"t": table(NAME), "u": table(NAME, rows=5)})
    after = contents(tables={"t": table(column("name", OTHER)), "u": table(rows=4)}, **changes)
    assert found(state(fingerprints=before), state(fingerprints=after)) == [
        ("not_comparable", "fingerprints", "fingerprints"),
        ("lost", "fingerprints", "u"),
    ]


@pytest.mark.parametrize("depth", ["counts", "keys"])
def test_fingerprint_differences_shallow_depth_is_not_comparable(depth):
    assert ("not_comparable", "fingerprints", "values") in found(
        state(), state(fingerprints=contents(depth=depth))
    )


@pytest.mark.parametrize(
    ("keys", "values", "expected"),
    [
        ((), (7,), ((7,), 256)),
        ((), (7, 200), ((7, 200), 256)),
        ((7,), (7,), None),  # only in buckets with other rows
        ((7,), (7, 9), ((9,), 255)),
    ],
)
def test_fingerprint_differences_list_differing_buckets(keys, values, expected):
    before = table(column("name", buckets=buckets()), key_buckets=buckets())
    after = table(
        column("name", OTHER, buckets=buckets(*values)),
        key_fingerprint=OTHER if keys else before.key_fingerprint,
        key_buckets=buckets(*keys),
    )
    differences = fingerprint_differences(rows_of(t=before), rows_of(t=after))
    found = [entry.buckets for entry in differences if entry.subject == "t.name"]
    assert found == ([Buckets(*expected)] if expected else [])
