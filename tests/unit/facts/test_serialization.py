"""Facts survive the way to JSON and back, and hostile documents are refused by name."""

import json
from dataclasses import replace

import pytest

from nautobot_upgrade_jobs.facts import Database, Facts, Unavailable
from nautobot_upgrade_jobs.facts.serialization import FactsFormatError, decode, encode
from tests.support import builders


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        builders.facts(),
        builders.empty_facts(),
        builders.facts(database=builders.database(sequences=Unavailable("permission denied"))),
    ],
)
def test_facts_come_back_equal(facts):
    assert decode(Facts, json.loads(json.dumps(encode(facts)))) == facts


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ({"version": 16}, "Database.version: str expected, not int"),
        ({"size_bytes": True}, "Database.size_bytes: int expected, not bool"),
        ({"surprise": 1}, "missing or unknown: surprise"),
        ({"sequences": {"a": 1}}, "Database.sequences: list expected, not dict"),
        ({"sequences": [{"table": "t"}]}, r"Database.sequences\[0\]: missing or unknown"),
        ({"collations_in_use": {"utf8mb4": "many"}}, "collations_in_use.utf8mb4: int expected"),
    ],
)
def test_a_damaged_document_names_the_damaged_place(damage, named):
    document = encode(builders.database()) | damage
    with pytest.raises(FactsFormatError, match=named):
        decode(Database, document)


def test_a_missing_fact_keeps_its_reason():
    facts = replace(builders.facts(), redis=Unavailable("ConnectionError: refused"))
    assert decode(Facts, encode(facts)).redis == Unavailable("ConnectionError: refused")
