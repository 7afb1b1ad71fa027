"""URLs without credentials."""

from __future__ import annotations

import re

REDACTED = "***"
WORD_WITH_URL = re.compile(r"(?<!\S)\S*?://\S*")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.IGNORECASE)


def mask_url_credentials(text: str) -> str:
    """Return text with the user information of every URL masked."""
    return WORD_WITH_URL.sub(_mask_word, text)


def _mask_word(match: re.Match[str]) -> str:
    """Mask the text between the first scheme and the last ``@``. Passwords can contain ``@``."""
    word = match[0]
    scheme, end = SCHEME.search(word), word.rfind("@")
    if scheme is None or end < scheme.end():
        return word
    return f"{word[: scheme.end()]}{REDACTED}{word[end:]}"
