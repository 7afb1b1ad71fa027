"""Small wording helpers, so that plans and findings read like sentences, and do nothing else."""

import re

INVISIBLE_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Control characters, and those that turn the direction of what follows them on the page."""


def plural(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 cable`` or ``2 cables``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def escape_nonprintable(text: str) -> str:
    """Return text that stays on its line and sends no control sequence to a terminal."""
    return "".join(char if char.isprintable() else _escape_character(char) for char in text)


def escape_invisible(text: str) -> str:
    """Return text that is shown as it is: nothing in it changes how its neighbours are read."""
    return INVISIBLE_CHARACTERS.sub(lambda found: _escape_character(found[0]), text)


def _escape_character(char: str) -> str:
    return repr(char)[1:-1]
