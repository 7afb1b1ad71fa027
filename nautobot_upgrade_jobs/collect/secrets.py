"""Keeps secrets inside: redaction of settings, and of every text that leaves a collector."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from ..facts.settings import Setting

MASK = "***"
SENSITIVE_NAME = re.compile(
    r"secret|passw|token|credential|private|api_?key|access_?key|auth(?!entication_backends)|dsn"
    r"|broker_url|result_backend|salt|cookie|\bkey$|_key$|location|signature",
    re.IGNORECASE,
)
URL_USER_INFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
SHORTEST_SECRET = 4
"""Characters; masking shorter values would garble every message."""


def digest(value: Any) -> str:
    """Return a digest of a value that only this installation could have made.

    It is keyed with ``SECRET_KEY``, so equal values give equal digests here, and nobody can find a
    weak password by trying.
    """
    key = hashlib.sha256(b"nautobot-upgrade-jobs" + str(settings.SECRET_KEY).encode()).digest()
    return hmac.new(key, repr(value).encode(), hashlib.sha256).hexdigest()[:16]


def scrub(text: str) -> str:
    """Remove the user info of URLs and every known secret value from a text."""
    text = URL_USER_INFO.sub(rf"\g<scheme>{MASK}@", text)
    for secret in sorted(set(_known_secrets()), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _known_secrets() -> Iterator[str]:
    for name in dir(settings):
        if name.isupper() and settings.is_overridden(name):
            yield from _secrets_in(name, getattr(settings, name, None))


def _secrets_in(name: str, value: Any) -> Iterator[str]:
    """Yield the secret strings in a setting: values under telling names, passwords in URLs."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in(str(key), item)
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _secrets_in(name, item)
    elif isinstance(value, str):
        if SENSITIVE_NAME.search(name) and "://" not in value and "/" not in value:
            yield from (value,) if len(value) >= SHORTEST_SECRET else ()
        match = re.match(r"[a-z][a-z0-9+.-]*://[^/@\s]*?:(?P<password>[^/@\s]+)@", value, re.I)
        if match and len(match["password"]) >= SHORTEST_SECRET:
            yield match["password"]


def redacted(name: str, value: Any, *, harmless: bool) -> Setting:
    """Return a setting as it may leave the process.

    Args:
        name: The setting's name.
        value: Its value.
        harmless: The name is on a list of names that never hold a secret.
    """
    return Setting(
        name=name,
        type=type(value).__name__,
        value=scrub(str(value)) if harmless or isinstance(value, bool) else None,
        digest=digest(value),
        keys=tuple(sorted(str(key) for key, item in value.items() if item))
        if isinstance(value, Mapping)
        else (),
    )
