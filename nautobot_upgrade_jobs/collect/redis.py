"""The Redis-compatible server."""

from __future__ import annotations

import redis
from django_redis import get_redis_connection

from ..facts import Redis
from . import Context, explain

TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 3}
"""Seconds."""


def collect(_: Context) -> Redis:
    """Ask the server behind Django's default cache for its name and version."""
    pool = get_redis_connection("default").connection_pool
    # A pool of our own: the cache's waits for an answer for as long as the configuration lets it.
    impatient = type(pool)(
        connection_class=pool.connection_class, **{**pool.connection_kwargs, **TIMEOUTS}
    )
    try:
        info = redis.Redis(connection_pool=impatient).info()
    except redis.ConnectionError as error:
        return Redis("", "", "", 0, unreachable_reason=explain(error))
    finally:
        impatient.disconnect()
    product = str(info.get("server_name", "redis"))
    version = str(info["redis_version"])
    return Redis(
        product={"redis": "Redis", "valkey": "Valkey"}.get(product, product),
        version=version,
        product_version=str(info.get(f"{product}_version", version)),
        used_memory_bytes=int(info.get("used_memory", 0)),
    )
