"""`make lint` finds the banned words in every text."""

from pathlib import Path

import pytest

from development import prose


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Nobody knows.", ["Nobody"]),
        ("the way\n    # back", ["way back"]),
        ("def told_by(x): ...", ["told"]),
        ("mend the table", ["mend"]),
        ("recommended, commendable, untold", []),
        ("a weight of 550", []),
        ("fix the table", []),
    ],
)
def test_banned_words_are_found_in_text_and_names(text, words):
    found = prose.places(Path("x.py"), text)
    assert [place.word.split() for place in found] == [
        word.replace("#", "").split() for word in words
    ]
