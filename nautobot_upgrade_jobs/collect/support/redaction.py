"""Redact settings and every text that leaves a collector."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings

from ...common.secret_text import mask_secrets
from ...common.text import escape_surrogates
from ...common.tokens import find_tokens
from ...common.urls import mask_url_credentials
from ...facts.settings import Setting
from .secret_values import find_random_words, find_secrets, stable_repr

MIN_SECRET_LENGTH = 6
"""Shorter values are not masked, because they also occur in ordinary words of a message."""


def digest(value: Any) -> str:
    """Return a keyed digest (HMAC) of a value.

    The key is derived from ``SECRET_KEY``, so only this installation can compute the digest.
    Without the key, a weak password cannot be found by brute force.
    """
    text = stable_repr(value).encode("utf-8", "backslashreplace")
    return hmac.digest(installation_key(), text, "sha256").hex()[:16]


def installation_key() -> bytes:
    """Return a key that is derived from ``SECRET_KEY`` and does not reveal it."""
    return hashlib.sha256(b"nautobot-upgrade-jobs" + str(settings.SECRET_KEY).encode()).digest()


def redact_text(text: str) -> str:
    """Remove the credentials of URLs and every known secret value from a text.

    Bytes of file names that are not text are escaped, because no database or file could store them.
    """
    return mask_secrets(mask_url_credentials(escape_surrogates(text)), configured_secrets())


@cache
def configured_secrets() -> tuple[str, ...]:
    """Return the secrets in the settings and the environment, longest first, read once per run.

    Secrets are the values under sensitive names, and all words that look random. An exception of an
    App can quote them.
    """
    secrets: set[str] = set()
    for name, value in os.environ.items():
        secrets.update(find_secrets(name, value), find_tokens(value))
    for name in dir(settings):
        if name.isupper() and settings.is_overridden(name):
            try:
                value = getattr(settings, name)
                secrets.update(find_secrets(name, value), find_random_words(value))
            except Exception:  # noqa: BLE001, S112 - a setting that cannot be read leaks nothing
                continue
    # A message may quote only the part of a secret that could not be parsed.
    parts = {part for secret in secrets for part in re.split(r"[/@:#?&]", secret)}
    long_enough = {text for text in secrets | parts if len(text) >= MIN_SECRET_LENGTH}
    return tuple(sorted(long_enough, key=len, reverse=True))


def redact_setting(name: str, value: Any, *, harmless: bool) -> Setting:
    """Return a setting without secrets.

    Args:
        name: The setting's name.
        value: The setting's value.
        harmless: Whether a setting of this name never contains a secret.
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
