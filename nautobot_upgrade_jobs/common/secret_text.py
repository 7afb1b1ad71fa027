"""Remove secrets from a text, in each encoding in which code may quote them."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

from .tokens import is_mixed
from .urls import REDACTED

PIECE_LENGTH = 8
"""A message may quote only a part of a secret. A shorter part does not help to guess the rest."""
MIN_LENGTH_FOR_PIECES = 12
MIN_BASE64_LENGTH = 8


def mask_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text in which secrets, and long parts of them, are masked.

    Args:
        text: The text.
        secrets: The secrets, in plain text.
    """
    forms, pieces = _prepare(secrets)
    for form in forms:
        text = text.replace(form, REDACTED)
    return _mask_pieces(text, pieces) if pieces else text


@lru_cache(maxsize=4)
def _prepare(secrets: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return all forms of secrets, longest first, and the parts that are masked on their own."""
    forms = {form for secret in secrets for form in _encoded_forms(secret)}
    pieces = {
        piece
        for secret in secrets
        if len(secret) >= MIN_LENGTH_FOR_PIECES
        for start in range(len(secret) - PIECE_LENGTH + 1)
        if is_mixed(piece := secret[start : start + PIECE_LENGTH])
    }
    return tuple(sorted(forms, key=len, reverse=True)), frozenset(pieces)


def _encoded_forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    yield from (secret, secret[::-1])
    yield from (quote(raw), quote(raw, safe=""), quote_plus(raw))
    yield from (html.escape(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    yield from (raw.hex(), raw.hex().upper())
    for encode in (b64encode, urlsafe_b64encode):
        for offset, skipped in ((0, 0), (1, 2), (2, 3)):
            encoded = encode(b"\0" * offset + raw).decode()
            end = len(encoded) - (0, 3, 2)[(offset + len(raw)) % 3]
            # The first and the last characters also encode the bytes around the secret.
            if end - skipped >= MIN_BASE64_LENGTH:
                yield encoded[skipped:end]


def _mask_pieces(text: str, pieces: Collection[str]) -> str:
    """Mask the longest runs of characters that are covered by parts of secrets."""
    parts: list[str] = []
    kept = position = 0
    last = len(text) - PIECE_LENGTH
    while position <= last:
        if text[position : position + PIECE_LENGTH] not in pieces:
            position += 1
            continue
        parts += [text[kept:position], REDACTED]
        end = position + PIECE_LENGTH
        while position <= last and text[position : position + PIECE_LENGTH] in pieces:
            end = position + PIECE_LENGTH
            position += 1
        kept = position = end
    return "".join([*parts, text[kept:]]) if parts else text
