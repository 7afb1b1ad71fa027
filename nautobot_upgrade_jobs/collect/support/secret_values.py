"""Find secrets in the values of settings, and write values in a stable form."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ...common.tokens import find_tokens

SENSITIVE_NAME = re.compile(
    r"secret|pass(w|phrase)|\bpass\b|_pass$|^pass$|pwd|token|credential|private|community|webhook"
    r"|bearer|api_?key|access_?key|auth(?!entication_backends)|dsn|broker_url|result_backend|salt"
    r"|cookie|key$|location|signature|psk|passcode|(^|_)(pin|pw|creds?)($|_)|login|jwt|seed$|otp",
    re.IGNORECASE,
)
SECRET_COLLECTION = re.compile(
    r"secret|passw|passphrase|pwd|token|credential|community|communities|api_?keys?$|passcode|psk",
    re.IGNORECASE,
)
"""Names of settings whose nested values are secrets, under any key except ``PUBLIC_KEY``."""
PUBLIC_KEY = re.compile(
    r"user|name|host|port|url|type|kind|method|class|backend|driver|path|file|timeout|enabled|^id$",
    re.IGNORECASE,
)
NUMERIC_SECRET = re.compile(r"(^|_)(pin|passcode|password|passwd|secret|token|otp)$", re.IGNORECASE)
URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]", re.IGNORECASE)
FILE_PATH = re.compile(r"(/[\w.+-]+){2,}/?")
URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:(?P<password>\S+)@", re.IGNORECASE)
LOGIN = re.compile(r"(?<!\S)[^\s:/@]+:(?P<password>(?!//)[^\s@]+)@")
"""``user:password@host``, without a scheme."""
PAIR = re.compile(r"(?<!\w)(?P<name>\w+)[ ]?=[ ]?(?P<value>[^\s;,&]+)")
"""A part of a connection string, such as ``Pwd=…;``."""
JSON_PAIR = re.compile(
    r"""(?P<quote>["'])(?P<name>\w{1,64})(?P=quote)\s{0,4}:\s{0,4}(?P<mark>["'])"""
    r"""(?P<value>[^"'\n]{1,512})(?P=mark)"""
)
"""A part of a JSON object, such as an environment variable can contain."""
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MAX_DEPTH = 8
"""Maximum levels of nesting, because a value may contain itself."""


def find_secrets(name: str, value: Any) -> Iterator[str]:
    """Yield the secrets in a setting.

    Secrets are the values under sensitive names, and the passwords in URLs and connection strings.
    Objects other than collections and dataclasses are not searched.

    Args:
        name: The name of the setting.
        value: The value of the setting.
    """
    for key, text in _walk_texts(name, value):
        if SENSITIVE_NAME.search(key) and not _is_place(text):
            yield text
        if match := URL_PASSWORD.match(text):
            yield match["password"]
        yield from (match["password"] for match in LOGIN.finditer(text))
        for match in (*PAIR.finditer(text), *JSON_PAIR.finditer(text)):
            if SENSITIVE_NAME.search(match["name"]):
                yield match["value"]


def _is_place(text: str) -> bool:
    """Return whether a text is a URL or the path of a file."""
    is_path = text.startswith("/") and (FILE_PATH.fullmatch(text) or os.path.exists(text))
    return bool(is_path or URL.match(text))


def find_random_words(value: Any) -> Iterator[str]:
    """Yield the words that look random, as tokens do, in the texts of a setting."""
    for _, text in _walk_texts("", value):
        yield from find_tokens(text)


def _walk_texts(name: str, value: Any, depth: int = MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the texts in a value, each with the name of its setting or key.

    In a collection of secrets, a text has the name of the collection.
    """
    if depth == 0:
        return
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name, None) for field in fields(value)}
    if isinstance(value, Mapping):
        is_collection = SECRET_COLLECTION.search(name)
        for key, item in value.items():
            is_secret = is_collection and not PUBLIC_KEY.search(str(key))
            yield from _walk_texts(name if is_secret else str(key), item, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _walk_texts(name, item, depth - 1)
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, (bytes, bytearray)):
        yield name, value.decode(errors="replace")
    elif isinstance(value, int) and not isinstance(value, bool) and NUMERIC_SECRET.search(name):
        yield name, str(value)


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
