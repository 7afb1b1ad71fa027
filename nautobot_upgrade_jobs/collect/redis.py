"""Collect facts about the Redis-compatible server."""

from __future__ import annotations

import redis
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from redis.sentinel import SentinelConnectionPool

from ..facts import Redis
from .context import Context, explain

TIMEOUTS = {"socket_timeout": 3, "socket_connect_timeout": 3}
"""Timeouts in seconds."""


def collect(_: Context) -> Redis:
    """Query the name and the version of the server of Django's default cache."""
    # The session has a cache in memory instead of the configured one.
    cache = caches.create_connection(DEFAULT_CACHE_ALIAS)
    short_pool = _create_short_pool(cache.client.get_client(write=True).connection_pool)
    is_sentinel = isinstance(short_pool, SentinelConnectionPool)  # Its host is a service name.
    host = "" if is_sentinel else str(short_pool.connection_kwargs.get("host") or "")
    try:
        info = redis.Redis(connection_pool=short_pool).info()
    except (redis.ConnectionError, redis.TimeoutError) as error:
        return Redis("", "", "", unreachable_reason=explain(error), host=host)
    finally:
        short_pool.disconnect()
    product = str(info.get("server_name", "redis"))
    version = str(info["redis_version"])
    return Redis(
        product={"redis": "Redis", "valkey": "Valkey"}.get(product, product),
        version=version,
        product_version=str(info.get(f"{product}_version", version)),
        host=host,
    )


def _create_short_pool(pool: redis.ConnectionPool) -> redis.ConnectionPool:
    """Return a separate pool, because the cache's pool has the timeouts of the configuration."""
    options = {**pool.connection_kwargs, **TIMEOUTS, "connection_class": pool.connection_class}
    if isinstance(pool, SentinelConnectionPool):
        del options["connection_pool"]  # The pool passes itself to its connections.
        return SentinelConnectionPool(pool.service_name, pool.sentinel_manager, **options)
    return type(pool)(**options)
