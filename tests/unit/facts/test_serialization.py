"""Facts are unchanged by JSON, and damaged documents are refused by name."""

import json
from dataclasses import dataclass, replace

import pytest

from nautobot_upgrade_jobs.facts import Customizations, Database, Facts, Unavailable
from nautobot_upgrade_jobs.facts.base import TextEnum
from nautobot_upgrade_jobs.facts.customizations import CustomizationProblem, Defect, DefectCode
from nautobot_upgrade_jobs.facts.serialization import FactsFormatError, decode, encode
from tests.support import builders

PROBLEM = CustomizationProblem(
    kind="custom link",
    name="rack",
    page="/extras/custom-links/1/",
    defect=Defect(DefectCode.MISSING_ATTRIBUTE, "gone", "dcim.Device", 3, suggestion="name"),
)


class Colour(TextEnum):
    RED = "red"


@dataclass(frozen=True)
class Painted:
    colour: Colour


def round_trip(value):
    return decode(type(value), json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(Facts(), id="nothing collected"),
        pytest.param(builders.facts(), id="healthy installation"),
        pytest.param(builders.empty_facts(), id="empty"),
        pytest.param(
            builders.facts(database=builders.database(sequences=Unavailable("permission denied"))),
            id="unavailable field",
        ),
        pytest.param(
            builders.facts(customizations=Customizations({"custom link": 1}, (PROBLEM,))),
            id="enumeration",
        ),
    ],
)
def test_decode_encoded_facts_returns_equal_facts(facts):
    assert round_trip(facts) == facts


def test_decode_problem_keeps_fields_that_are_not_compared():
    assert round_trip(PROBLEM).defect.suggestion == "name"


def test_encode_enumeration_returns_plain_text():
    encoded = encode(Painted(Colour.RED))
    assert encoded == {"colour": "red"}
    assert type(encoded["colour"]) is str


def test_decode_enumeration_returns_member():
    assert decode(Painted, {"colour": "red"}).colour is Colour.RED


@pytest.mark.parametrize("value", ["blue", 1, None, ["red"]])
def test_decode_unknown_enumeration_value_names_the_choices(value):
    with pytest.raises(FactsFormatError, match=r"Painted.colour: one of red expected"):
        decode(Painted, {"colour": value})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"version": 16}, "Database.version: str expected, not int"),
        ({"size_bytes": True}, "Database.size_bytes: int expected, not bool"),
        ({"surprise": 1}, "missing or unknown: surprise"),
        ({"sequences": {"a": 1}}, "Database.sequences: list expected, not dict"),
        ({"sequences": [{"table": "t"}]}, r"Database.sequences\[0\]: missing or unknown"),
        ({"collations_in_use": {"utf8mb4": "many"}}, "collations_in_use.utf8mb4: int expected"),
    ],
)
def test_decode_damaged_document_names_the_damaged_field(damage, message):
    document = encode(builders.database()) | damage
    with pytest.raises(FactsFormatError, match=message):
        decode(Database, document)


def test_decode_unavailable_fact_keeps_its_reason():
    facts = replace(builders.facts(), redis=Unavailable("ConnectionError: refused"))
    assert decode(Facts, encode(facts)).redis == Unavailable("ConnectionError: refused")


def test_encode_text_with_surrogates_can_be_written():
    assert encode({"a\udcff": "b\udcff"}) == {"a\\udcff": "b\\udcff"}
