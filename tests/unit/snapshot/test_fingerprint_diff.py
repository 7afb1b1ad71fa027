"""What fingerprints tell of rows and values, and what they do not."""

import pytest

from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.snapshot.compare import compare
from tests.support.builders import CATALOG
from tests.support.snapshot_states import column, contents, found, rows_of, state, table

NAME = column("name")
OTHER = "00000000000000ff"


def buckets(*differing, mark="1"):
    """256 fingerprints, of which these are not as in the others."""
    return "".join((OTHER if n in differing else mark.zfill(16)) for n in range(256))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # the same, in another order of columns or without a word of what is empty
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
        (table(NAME), table(), []),  # no column was looked at on one side: said once, elsewhere
        (table(NAME, column("old")), table(NAME), ["lost t.old"]),
        (table(NAME), table(NAME, column("new")), ["unexpected t.new"]),
        (
            table(column("name", kind="json")),
            table(column("name", OTHER, kind="jsonb")),
            ["not_comparable t.name"],
        ),
        # emptied while rows moved as well
        (
            table(NAME),
            table(column("name", "0" * 16, 0), rows=4, key_fingerprint=OTHER),
            ["unexpected t", "lost t.name"],
        ),
        # keys
        (
            table(NAME, primary_key=(), key_fingerprint=None),
            table(NAME, primary_key=(), key_fingerprint=None),
            ["not_comparable t", "not_comparable t values"],
        ),
        (table(NAME), table(NAME, primary_key=("name",)), ["not_comparable t"]),
    ],
)
def test_table(before, after, expected):
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
            ["unexpected extras_jobresult"],  # a log that somebody shortened
        ),
        (
            {"users_user": table(column("last_login"))},
            {"users_user": table(column("last_login", OTHER))},
            [],
        ),
    ],
)
def test_tables(before, after, expected):
    changes = found(state(fingerprints=rows_of(**before)), state(fingerprints=rows_of(**after)))
    assert [f"{kind} {subject}" for kind, _, subject in changes] == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "postgresql-hash-extended/2"},
        {"server": "postgresql 17"},
        {"server": "mysql 8"},
        {"collation": "en_US.UTF-8"},
    ],
)
def test_fingerprints_made_otherwise_are_never_equal(changes):
    """Nor different: only counts are compared, and that is said."""
    before = contents(tables={"t": table(NAME), "u": table(NAME, rows=5)})
    after = contents(tables={"t": table(column("name", OTHER)), "u": table(rows=4)}, **changes)
    assert found(state(fingerprints=before), state(fingerprints=after)) == [
        ("not_comparable", "fingerprints", "fingerprints"),
        ("lost", "fingerprints", "u"),
    ]


@pytest.mark.parametrize("depth", ["counts", "keys"])
def test_values_that_were_not_looked_at_are_not_called_equal(depth):
    assert ("not_comparable", "fingerprints", "values") in found(
        state(), state(fingerprints=contents(depth=depth))
    )


@pytest.mark.parametrize(
    ("keys", "values", "story"),
    [
        ((), (7,), "other values in 1 of 256 buckets (7)"),
        ((), (7, 200), "other values in 2 of 256 buckets (7, 200)"),
        ((7,), (7,), None),  # they differ only where the rows do
        ((7,), (7, 9), "other values in 1 of 255 buckets (9)"),
    ],
)
def test_buckets_narrow_it_down(keys, values, story):
    before = table(column("name", buckets=buckets()), key_buckets=buckets())
    after = table(
        column("name", OTHER, buckets=buckets(*values)),
        key_fingerprint=OTHER if keys else before.key_fingerprint,
        key_buckets=buckets(*keys),
    )
    changes = compare(
        state(fingerprints=rows_of(t=before)), state(fingerprints=rows_of(t=after)), CATALOG
    )
    stories = [one.story for one in changes if one.subject == "t.name"]
    assert stories == ([f"t.name: {story}"] if story else [])
