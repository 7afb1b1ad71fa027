"""Column types are classified by Django's names for them."""

import pytest

from nautobot_upgrade_jobs.collect.db.column_types import UNLIMITED, get_max_length, is_text


@pytest.mark.parametrize(
    "db_type",
    ["varchar(255)", "VARCHAR(40)", "char(32)", "varchar", "text", "longtext"],
)
def test_is_text_type_with_characters_is_text(db_type):
    assert is_text(db_type)


@pytest.mark.parametrize(
    "db_type", ["integer", "jsonb", "uuid", "numeric(8, 2)", "varchar(40)[]", "", None]
)
def test_is_text_other_type_is_not_text(db_type):
    assert not is_text(db_type)


@pytest.mark.parametrize(
    ("db_type", "length"),
    [
        pytest.param("varchar(255)", 255, id="varchar with a limit"),
        pytest.param("char(32)", 32, id="char"),
        pytest.param("varchar", UNLIMITED, id="varchar without a limit"),
        pytest.param("text", UNLIMITED, id="text"),
        pytest.param("integer", UNLIMITED, id="no text"),
        pytest.param("numeric(8, 2)", UNLIMITED, id="digits are no characters"),
        pytest.param(None, UNLIMITED, id="no column"),
    ],
)
def test_get_max_length_returns_the_limit_of_text_types_only(db_type, length):
    assert get_max_length(db_type) == length
