"""Keeps secrets inside: redaction of settings, and of every text that leaves a collector."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.conf import settings

from ...common.urls import REDACTED, mask_url_credentials
from ...facts.settings import Setting

SENSITIVE_NAME = re.compile(
    r"secret|pass(w|phrase)|\bpass\b|_pass$|^pass$|pwd|token|credential|private|community|webhook"
    r"|bearer|api_?key|access_?key|auth(?!entication_backends)|dsn|broker_url|result_backend|salt"
    r"|cookie|^key$|_key$|location|signature",
    re.IGNORECASE,
)
URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*?:(?P<password>\S+)@", re.IGNORECASE)
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MIN_SECRET_LENGTH = 6
"""Characters; masking shorter values would garble every message."""
MAX_DEPTH = 8
"""Levels of nesting; a setting may hold itself."""


def digest(value: Any) -> str:
    """Return a digest of a value that only this installation could have made.

    It is keyed with ``SECRET_KEY``, so equal values give equal digests here, and nobody can find a
    weak password by trying.
    """
    key = hashlib.sha256(b"nautobot-upgrade-jobs" + str(settings.SECRET_KEY).encode()).digest()
    text = _stable_repr(value, MAX_DEPTH).encode("utf-8", "backslashreplace")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:16]


def _stable_repr(value: Any, depth: int) -> str:
    """Return text that is the same in every process; the order of sets and addresses are not."""
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        items = (
            f"{_stable_repr(k, depth - 1)}: {_stable_repr(v, depth - 1)}" for k, v in value.items()
        )
        return f"{{{', '.join(sorted(items))}}}"
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(_stable_repr(item, depth - 1) for item in value))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_stable_repr(item, depth - 1) for item in value)}]"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value))}"
    return MEMORY_ADDRESS.sub("", repr(value))


def redact_text(text: str) -> str:
    """Remove the user info of URLs and every known secret value from a text."""
    text = mask_url_credentials(text)
    for secret in configured_secrets():
        text = text.replace(secret, REDACTED)
    return text


@cache
def configured_secrets() -> tuple[str, ...]:
    """Return the secrets in the settings, longest first; read once for a run."""
    found: set[str] = set()
    for name in dir(settings):
        if name.isupper() and settings.is_overridden(name):
            try:
                found.update(_find_secrets(name, getattr(settings, name), MAX_DEPTH))
            except Exception:  # noqa: BLE001, S112 - a setting that cannot be read hides nothing
                continue
    # A message may quote only the part that could not be understood.
    parts = {part for secret in found for part in re.split(r"[/@:#?&]", secret)}
    long_enough = {text for text in found | parts if len(text) >= MIN_SECRET_LENGTH}
    return tuple(sorted(long_enough, key=len, reverse=True))


def _find_secrets(name: str, value: Any, depth: int) -> Iterator[str]:
    """Yield the secret strings in a setting: values under telling names, passwords in URLs."""
    if depth == 0:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_secrets(str(key), item, depth - 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _find_secrets(name, item, depth - 1)
    elif isinstance(value, bytes):
        yield from _find_secrets(name, value.decode(errors="replace"), depth - 1)
    elif isinstance(value, str):
        if SENSITIVE_NAME.search(name) and "://" not in value and not value.startswith("/"):
            yield value
        if match := URL_PASSWORD.match(value):
            yield match["password"]


def redact_setting(name: str, value: Any, *, harmless: bool) -> Setting:
    """Return a setting as it may leave the process.

    Args:
        name: The setting's name.
        value: Its value.
        harmless: The name is on a list of names that never hold a secret.
    """
    return Setting(
        name=name,
        type=type(value).__name__,
        value=redact_text(str(value)) if harmless or isinstance(value, bool) else None,
        digest=digest(value),
        keys=tuple(sorted(str(key) for key, item in value.items() if item))
        if isinstance(value, Mapping)
        else (),
    )
