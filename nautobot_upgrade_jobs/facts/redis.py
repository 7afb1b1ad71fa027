"""The Redis-compatible server of the cache, which usually is also the broker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Redis:
    """Server product and version; ``version`` is the compatible Redis version."""

    product: str
    version: str
    product_version: str
    unreachable_reason: str = ""
    """Why the server is unreachable; the other fields are then empty."""
