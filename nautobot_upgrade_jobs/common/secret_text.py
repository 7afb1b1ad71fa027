"""Remove secrets from a text, in each encoding in which code may quote them."""

from __future__ import annotations

import html
import json
import re
import shlex
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from .tokens import is_mixed
from .urls import REDACTED

PIECE_LENGTH = 8
"""A message may quote only a part of a secret. A shorter part does not help to guess the rest."""
MIN_LENGTH_FOR_PIECES = 12
MIN_BASE64_LENGTH = 8
PERCENT = re.compile("%[0-9A-F]{2}")


def mask_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return a text in which secrets, and long parts of them, are masked.

    Args:
        text: The text.
        secrets: The secrets, in plain text.
    """
    parts: list[str] = []
    kept = 0
    for start, end in _merge_spans(_find_spans(text, _prepare(secrets))):
        parts += [text[kept:start], REDACTED]
        kept = end
    return "".join([*parts, text[kept:]]) if parts else text


class _Searched(NamedTuple):
    """What is searched in a text. The time for a text does not depend on the number of secrets."""

    prefix_length: int
    """Length of the shortest form."""
    forms: dict[str, tuple[str, ...]]
    """The forms of secrets by their first characters, longest first."""
    pieces: frozenset[str]
    """The parts that are masked on their own."""


@lru_cache(maxsize=4)
def _prepare(secrets: tuple[str, ...]) -> _Searched:
    forms = {form for secret in secrets for form in _encoded_forms(secret) if form}
    pieces = {
        piece
        for secret in secrets
        if len(secret) >= MIN_LENGTH_FOR_PIECES
        for start in range(len(secret) - PIECE_LENGTH + 1)
        if is_mixed(piece := secret[start : start + PIECE_LENGTH])
    }
    prefix_length = min(map(len, forms), default=1)
    by_prefix: dict[str, tuple[str, ...]] = {}
    for form in sorted(forms, key=len, reverse=True):
        prefix = form[:prefix_length]
        by_prefix[prefix] = (*by_prefix.get(prefix, ()), form)
    return _Searched(prefix_length, by_prefix, frozenset(pieces))


def _find_spans(text: str, searched: _Searched) -> Iterator[tuple[int, int]]:
    """Yield start and end of each secret and each part of one. They can overlap."""
    for start in range(len(text)):
        forms = searched.forms.get(text[start : start + searched.prefix_length], ())
        length = next((len(form) for form in forms if text.startswith(form, start)), 0)
        if not length and text[start : start + PIECE_LENGTH] in searched.pieces:
            length = PIECE_LENGTH
        if length:
            yield start, start + length


def _merge_spans(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield each run of spans that overlap or touch as one span."""
    first = last = -1
    for start, end in spans:
        if start > last:
            if first >= 0:
                yield first, last
            first = start
        last = max(last, end)
    if first >= 0:
        yield first, last


def _encoded_forms(secret: str) -> Iterator[str]:
    """Yield a secret in plain text, and as code may quote or encode it."""
    raw = secret.encode("utf-8", "surrogateescape")
    yield from (secret, secret[::-1])
    if is_mixed(secret):  # An ordinary word occurs in ordinary texts.
        yield from (secret.upper(), secret.lower())
    for encoded in (quote(raw), quote(raw, safe=""), quote_plus(raw)):
        yield from (encoded, PERCENT.sub(lambda match: match[0].lower(), encoded))
    yield from (html.escape(secret), html.escape(secret).replace("&#x27;", "&#39;"))
    yield "".join(f"&#{ord(character)};" for character in secret)
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (json.dumps(json.dumps(secret))[3:-3], repr(repr(secret))[2:-2])
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1], repr(raw)[2:-1])
    yield from (secret.replace("'", "''"), secret.replace("'", "\\'"), shlex.quote(secret))
    for separator in ("", " ", ":"):
        digits = raw.hex(separator) if separator else raw.hex()
        yield from (digits, digits.upper())
    yield b32encode(raw).decode().rstrip("=")
    for encode in (b64encode, urlsafe_b64encode):
        for offset, skipped in ((0, 0), (1, 2), (2, 3)):
            encoded = encode(b"\0" * offset + raw).decode()
            end = len(encoded) - (0, 3, 2)[(offset + len(raw)) % 3]
            # The first and the last characters also encode the bytes around the secret.
            if end - skipped >= MIN_BASE64_LENGTH:
                yield encoded[skipped:end]
