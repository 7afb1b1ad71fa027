"""Schema changes of migrations."""

import pytest

from nautobot_upgrade_jobs.facts.migrations import Migration, Operation
from nautobot_upgrade_jobs.facts.serialization import FactsFormatError, decode, encode
from tests.support.builders import added, altered, altering, removed, renamed

CHANGES = (added("t"), removed("t", "a"), altered("t"), renamed("t", "a", to="b"))


def test_schema_changes_survive_serialization():
    migration = altering("example.0001", *CHANGES)
    assert decode(Migration, encode(migration)) == migration


def test_schema_change_of_unknown_kind_is_refused():
    document = encode(altering("example.0001", added("t")))
    document["operations"][0]["changes"][0]["kind"] = "painted"
    with pytest.raises(FactsFormatError):
        decode(Migration, document)


@pytest.mark.parametrize(
    ("change", "name", "is_about_table"),
    [
        pytest.param(added("t"), "t", True, id="added table"),
        pytest.param(removed("t"), "t", True, id="removed table"),
        pytest.param(renamed("t", to="u"), "t", True, id="renamed table"),
        pytest.param(altered("t"), "t", False, id="altered table"),
        pytest.param(added("t", "a"), "t.a", False, id="added column"),
        pytest.param(renamed("t", "a", to="b"), "t.a", False, id="renamed column"),
    ],
)
def test_schema_change_about_table_or_column(change, name, is_about_table):
    assert (change.name, change.is_about_table) == (name, is_about_table)


def test_migration_changes_lists_each_change_once():
    operations = (Operation("A", CHANGES[:2]), Operation("B", CHANGES[1:3]))
    assert Migration("example.0001", (), (), operations).changes == CHANGES[:3]
