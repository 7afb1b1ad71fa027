"""Text helpers: plurals and escaping."""

import re
from collections.abc import Mapping

INVISIBLE_CHARACTERS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Control characters, and characters that change the direction of the text after them."""


def plural(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 cable`` or ``2 cables``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def escape_nonprintable(text: str) -> str:
    """Return text on one line and without control sequences for a terminal."""
    return "".join(char if char.isprintable() else _escape_character(char) for char in text)


def escape_invisible(text: str) -> str:
    """Return text without invisible characters that change how the text around it is displayed."""
    return INVISIBLE_CHARACTERS.sub(lambda match: _escape_character(match[0]), text)


def _escape_character(char: str) -> str:
    return repr(char)[1:-1]


def format_duration(seconds: float, stages: Mapping[str, float]) -> str:
    """Return the duration of a run, with that of each stage."""
    parts = ", ".join(f"{name} {each:.1f} s" for name, each in stages.items())
    return f"{seconds:.1f} s: {parts}" if parts else f"{seconds:.1f} s"


def escape_surrogates(text: str) -> str:
    """Escape lone surrogates, which occur in file names that are not valid UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def remove_code_marks(text: str) -> str:
    """Return prose without the backticks that mark code in other formats."""
    return text.replace("`", "")
