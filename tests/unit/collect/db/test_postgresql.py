"""Facts of a PostgreSQL server from canned rows."""

import pytest

from nautobot_upgrade_jobs.collect.db import postgresql
from nautobot_upgrade_jobs.facts import Unavailable
from nautobot_upgrade_jobs.facts.database import IdSequence, Transaction

SCHEMA = [("public",)]


def key(sequence="t_id_seq", readable=True):
    return ("public.t", "t", "id", sequence, readable)


@pytest.mark.parametrize(
    ("reported", "expected"), [("15.4", "15.4"), ("15.4 (Debian 15.4-1.pgdg120+1)", "15.4")]
)
def test_version_omits_the_packagers_additions(canned, reported, expected):
    assert postgresql.version(canned([(reported,)])) == expected


@pytest.mark.parametrize(
    ("sequence", "row", "expected"),
    [
        pytest.param("t_id_seq", (9, True, 9), IdSequence("t", "id", "t_id_seq", 9, 9), id="used"),
        pytest.param(
            "t_id_seq", (1, False, 0), IdSequence("t", "id", "t_id_seq", 0, 0), id="never used"
        ),
        pytest.param(
            None, (0, False, 4), IdSequence("t", "id", "", -1, 4), id="without a sequence"
        ),
    ],
)
def test_sequences_returns_the_position_of_each_key(canned, sequence, row, expected):
    connection = canned(SCHEMA, [key(sequence)], [row])
    assert postgresql.sequences(connection) == (expected,)


def test_sequences_that_the_role_may_not_read_are_unavailable(canned):
    result = postgresql.sequences(canned(SCHEMA, [key(readable=False), key()]))
    assert isinstance(result, Unavailable)
    assert "1 sequences" in result.reason


def test_transactions_all_sessions_visible_returns_open_transactions(canned):
    connection = canned([(0,)], [(7, "psql", "idle in transaction", 90)])
    expected = (Transaction(7, "psql", "idle in transaction", 90),)
    assert postgresql.transactions(connection) == expected


def test_transactions_with_hidden_sessions_is_unavailable(canned):
    result = postgresql.transactions(canned([(2,)]))
    assert isinstance(result, Unavailable)
    assert "GRANT pg_read_all_stats" in result.reason


def test_tables_not_owned_returns_names(canned):
    assert postgresql.tables_not_owned(canned(SCHEMA, [("a",), ("b",)]), "nautobot") == ("a", "b")
