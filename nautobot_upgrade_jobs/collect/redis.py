"""Collect facts about the Redis-compatible server."""

from __future__ import annotations

import redis
from django_redis import get_redis_connection

from ..facts import Redis
from .context import Context, explain

TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 3}
"""Timeouts in seconds."""


def collect(_: Context) -> Redis:
    """Query the name and the version of the server of Django's default cache."""
    pool = get_redis_connection("default").connection_pool
    # A separate pool, because the cache's pool has the timeouts of the configuration.
    short_pool = type(pool)(
        connection_class=pool.connection_class, **{**pool.connection_kwargs, **TIMEOUTS}
    )
    try:
        info = redis.Redis(connection_pool=short_pool).info()
    except redis.ConnectionError as error:
        return Redis("", "", "", unreachable_reason=explain(error))
    finally:
        short_pool.disconnect()
    product = str(info.get("server_name", "redis"))
    version = str(info["redis_version"])
    return Redis(
        product={"redis": "Redis", "valkey": "Valkey"}.get(product, product),
        version=version,
        product_version=str(info.get(f"{product}_version", version)),
    )
