"""URLs without credentials."""

from __future__ import annotations

import re

from .tokens import find_tokens

REDACTED = "***"
WORD_WITH_URL = re.compile(r"(?<!\S)\S*?://\S*")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.IGNORECASE)
URL_QUERY = re.compile(r"\?[^#\s]*")
LOGIN = re.compile(
    r"((?:/|\\/|%2F){2})([^\s/@%]{0,256}(?:%(?!40|2F)[^\s/@%]{0,256}){0,64})(?=@|%40)",
    re.IGNORECASE,
)
"""A login after two slashes, which can be escaped, without a scheme or with an encoded one."""
CLOSING = "\"')]}>,.;`"
"""Characters of the sentence that can follow a URL."""


def mask_url_credentials(text: str) -> str:
    """Return text with the secrets of every URL masked.

    Masked are the user information, the query, and the segments of the path that look random.
    """
    return LOGIN.sub(_mask_login, WORD_WITH_URL.sub(_mask_word, text))


def _mask_login(match: re.Match[str]) -> str:
    has_password = ":" in match[2] or "%3a" in match[2].lower()
    return f"{match[1]}{REDACTED}" if has_password else match[0]


def shorten_urls(text: str) -> str:
    """Return text in which every URL has its scheme, its host and the last segment of its path.

    Use it where an URL can have any secret in its path, such as the URL of a package index.
    """
    return WORD_WITH_URL.sub(_shorten_word, text)


def _mask_word(match: re.Match[str]) -> str:
    """Mask the text between the first scheme and the last ``@``. Passwords can contain ``@``."""
    word = match[0]
    scheme, end = SCHEME.search(word), word.rfind("@")
    if scheme is None:
        return word
    if end >= scheme.end():
        word = f"{word[: scheme.end()]}{REDACTED}{word[end:]}"
    host, slash, path = word[scheme.end() :].partition("/")
    for token in find_tokens(path.partition("?")[0].partition("#")[0]):
        path = path.replace(token, REDACTED)
    return f"{word[: scheme.end()]}{_mask_query(f'{host}{slash}{path}')}"


def _mask_query(text: str) -> str:
    def mask(match: re.Match[str]) -> str:
        end = len(match[0].rstrip(CLOSING))
        return f"?{REDACTED}{match[0][end:]}" if end > 1 else match[0]

    return URL_QUERY.sub(mask, text, count=1)


def _shorten_word(match: re.Match[str]) -> str:
    word = _mask_word(match)
    scheme = SCHEME.search(word)
    if scheme is None:
        return word
    host, slash, path = word[scheme.end() :].partition("/")
    folders, _, last = path.rstrip("/").rpartition("/")
    kept = f"{slash}{REDACTED}/{last}" if folders else f"{slash}{last}"
    return f"{word[: scheme.end()]}{host}{kept}"
