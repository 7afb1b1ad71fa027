"""Unavailable facts are values that checks can require or default."""

import json

import pytest

from nautobot_upgrade_jobs.facts.base import (
    FactUnavailable,
    TextEnum,
    Unavailable,
    or_none,
    require,
)


class Colour(TextEnum):
    RED = "red"


def test_require_available_value_returns_it():
    assert require(0) == 0


def test_require_unavailable_value_raises_its_reason():
    with pytest.raises(FactUnavailable, match="connection refused"):
        require(Unavailable("connection refused"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("text", "text", id="available"),
        pytest.param(0, 0, id="available and false"),
        pytest.param(Unavailable("connection refused"), None, id="unavailable"),
    ],
)
def test_or_none_returns_value_or_none(value, expected):
    assert or_none(value) == expected


def test_text_enum_member_is_used_like_its_value():
    assert f"{Colour.RED}" == str(Colour.RED) == "red"
    assert Colour.RED == "red"
    assert json.dumps(Colour.RED) == '"red"'
    assert {"red": 1}[Colour.RED] == 1
