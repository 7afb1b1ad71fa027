"""Find secrets in the values of settings, and write values in a stable form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...common.tokens import find_tokens

SENSITIVE_NAME = re.compile(
    r"secret|pass(w|phrase)|\bpass\b|_pass$|^pass$|pwd|token|credential|private|community|webhook"
    r"|bearer|auth(?!entication_backends)|dsn|broker_url|result_backend|salt|cookie|key$|location"
    r"|signature|psk|passcode|(^|_)pin($|_)|login|jwt|seed$|otp",
    re.IGNORECASE,
)
URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:(?P<password>\S+)@", re.IGNORECASE)
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MAX_DEPTH = 8
"""Maximum levels of nesting, because a value may contain itself."""


def find_secrets(name: str, value: Any, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield the secrets in a setting.

    Secrets are the values under sensitive names, and the passwords in URLs.

    Args:
        name: The name of the setting or key.
        value: The value of the setting or key.
        depth: Levels of nesting to search.
    """
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from find_secrets(str(key), item, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from find_secrets(name, item, depth - 1)
    elif isinstance(value, bytes):
        yield from find_secrets(name, value.decode(errors="replace"), depth - 1)
    elif isinstance(value, str):
        if SENSITIVE_NAME.search(name) and "://" not in value and not value.startswith("/"):
            yield value
        if match := URL_PASSWORD.match(value):
            yield match["password"]


def find_random_words(value: Any, depth: int = MAX_DEPTH) -> Iterator[str]:
    """Yield the words that look random, as tokens do, in the texts of a setting.

    Args:
        value: The value of the setting.
        depth: Levels of nesting to search.
    """
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for item in value.values():
            yield from find_random_words(item, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from find_random_words(item, depth - 1)
    elif isinstance(value, (str, bytes)):
        yield from find_tokens(value if isinstance(value, str) else value.decode(errors="replace"))


def stable_repr(value: Any, depth: int = MAX_DEPTH) -> str:
    """Return a text of a value that is the same in every process.

    The order of sets and the memory addresses of objects differ between processes.

    Args:
        value: The value.
        depth: Levels of nesting to write out.
    """
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        items = (
            f"{stable_repr(key, depth - 1)}: {stable_repr(item, depth - 1)}"
            for key, item in value.items()
        )
        return f"{{{', '.join(sorted(items))}}}"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(stable_repr(item, depth - 1) for item in value))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(stable_repr(item, depth - 1) for item in value)}]"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
    return MEMORY_ADDRESS.sub("", repr(value))
