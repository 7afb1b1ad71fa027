"""Read the first words of a statement."""

from __future__ import annotations

import re
from collections.abc import Callable

WORD = re.compile(rb"[A-Za-z_]+")


def read_leading_words(
    sql: bytes, skip_separators: Callable[[bytes, int], int], count: int = 3
) -> tuple[str, ...]:
    """Return the first words of a statement in capitals.

    Args:
        sql: The statement, in any encoding in which ASCII characters are single bytes.
        skip_separators: Returns the position after white space and comments.
        count: The largest number of words.
    """
    words: list[str] = []
    position = 0
    while len(words) < count:
        word = WORD.match(sql, skip_separators(sql, position))
        if word is None:
            break
        words.append(word.group().decode().upper())
        position = word.end()
    return tuple(words)
