"""The Redis-compatible server."""

from __future__ import annotations

from django_redis import get_redis_connection

from ..facts import Redis
from . import Context


def collect(_: Context) -> Redis:
    """Ask the server behind Django's default cache for its name and version."""
    info = get_redis_connection("default").info()
    product = str(info.get("server_name", "redis"))
    version = str(info["redis_version"])
    return Redis(
        product={"redis": "Redis", "valkey": "Valkey"}.get(product, product),
        version=version,
        product_version=str(info.get(f"{product}_version", version)),
        used_memory_bytes=int(info.get("used_memory", 0)),
    )
