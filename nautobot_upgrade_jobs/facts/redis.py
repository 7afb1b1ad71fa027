"""The Redis-compatible server of the cache, which usually is also the broker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Redis:
    """Product and version of the server. ``version`` is the compatible version of Redis."""

    product: str
    version: str
    product_version: str
    unreachable_reason: str = ""
    """Why the server is unreachable. Product and versions are then empty."""
    host: str = ""
    """Configured host of the server. Empty for a local socket and for Sentinel."""
