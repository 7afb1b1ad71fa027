"""Recognize random words, such as access tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONG_WORD = re.compile(r"[A-Za-z0-9]{16,}")
LETTER, DIGIT = re.compile("[A-Za-z]"), re.compile("[0-9]")


def find_tokens(text: str) -> Iterator[str]:
    """Yield the long words of a text that have letters and digits, as tokens have."""
    return filter(is_mixed, LONG_WORD.findall(text))


def is_mixed(text: str) -> bool:
    """Return whether a text has letters and digits, which ordinary words have not."""
    return bool(LETTER.search(text) and DIGIT.search(text))
