"""The Redis-compatible server behind the cache, which usually is the broker as well."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Redis:
    """Server product and version; ``version`` is the Redis version it is compatible with."""

    product: str
    version: str
    product_version: str
    used_memory_bytes: int
    unreachable_reason: str = ""
    """Why it does not answer; the other fields are empty then."""
