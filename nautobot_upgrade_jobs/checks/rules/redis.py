"""The Redis-compatible server."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog.target_release import Target
from ...facts import FactUnavailable, Redis, require
from ..build import blocker, finding
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check
from ..remediation import shell


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def unreachable(redis: Redis) -> Iterator[Finding]:
    """The Redis-compatible server answers.

    Why: without it, no Nautobot page opens and no Job starts.
    Fix: start it, and check its address in the configuration.
    """
    if redis.unreachable_reason:
        yield blocker(
            "redis",
            f"The Redis-compatible server does not answer: {redis.unreachable_reason}",
            fix="Start the server. If it runs, compare its address and password with CACHES and "
            "CELERY_BROKER_URL in nautobot_config.py.",
            commands=(shell("sudo systemctl restart redis-server"),),
        )


@check(stage="both", phase=Phase.BOOT, impact=Impact.OUTAGE)
def unsupported_version(redis: Redis, target: Target) -> Iterator[Finding]:
    """The Redis-compatible server is new enough for the target.

    Why: the cache, the locks and the Celery broker use it. With a server that the client library
        does not support, workers stop taking Jobs.
    Fix: upgrade the server first. The installed Nautobot also works with the newer one.
    """
    if redis.unreachable_reason:
        raise FactUnavailable(redis.unreachable_reason)
    release = require(target.release)
    version = Version(redis.version)
    too_old = version < Version(release.redis)
    recommended = release.redis_recommended
    if not too_old and (recommended is None or version >= Version(recommended)):
        return
    server = f"The server is {redis.product} {redis.product_version}"
    if redis.product_version != redis.version:
        server += f", which answers as Redis {version}"
    yield finding(
        Severity.BLOCKER if too_old else Severity.WARNING,
        "redis",
        f"{server}, but Nautobot {target.version} needs {release.redis} or newer."
        if too_old
        else f"{server}, but {recommended} or newer is recommended for Nautobot {target.version}.",
        fix="Upgrade the Redis-compatible server before Nautobot.",
        see=(release.reference,),
    )
