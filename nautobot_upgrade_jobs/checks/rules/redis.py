"""The Redis-compatible server."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.version import Version

from ...catalog.target_release import Target
from ...facts import FactUnavailable, Redis, require
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check


@check(stage="both")
def unreachable(redis: Redis) -> Iterator[Finding]:
    """The Redis-compatible server answers.

    Why: without it no page of Nautobot opens and no Job is started.
    Fix: start it, and see that its address in the configuration is right.
    """
    if redis.unreachable_reason:
        yield Finding(
            severity=Severity.BLOCKER,
            subject="redis",
            message=f"The Redis-compatible server does not answer: {redis.unreachable_reason}",
            remediation="Start it. If it runs, compare its address and password with CACHES and "
            "CELERY_BROKER_URL in nautobot_config.py.",
            phase=Phase.BOOT,
            impact=Impact.OUTAGE,
            commands=("sudo systemctl restart redis-server",),
        )


@check(stage="both")
def unsupported_version(redis: Redis, target: Target) -> Iterator[Finding]:
    """The Redis-compatible server is new enough for the target.

    Why: cache, locks and the Celery broker all run over it; a server that the client library does
        not support shows itself as workers that stop taking Jobs.
    Fix: upgrade the server first; the installed Nautobot keeps working on the newer one.
    """
    if redis.unreachable_reason:
        raise FactUnavailable(redis.unreachable_reason)
    release = require(target.release)
    version = Version(redis.version)
    too_old = version < Version(release.redis)
    recommended = release.redis_recommended
    if not too_old and (recommended is None or version >= Version(recommended)):
        return
    wanted = release.redis if too_old else recommended
    yield Finding(
        severity=Severity.BLOCKER if too_old else Severity.WARNING,
        subject="redis",
        message=f"{redis.product} {redis.product_version} answers as Redis {version}; "
        f"Nautobot {target.version} {'needs' if too_old else 'is best run on'} {wanted} or newer"
        + ("." if too_old else ", which its client library supports."),
        remediation="Upgrade the Redis-compatible server before Nautobot.",
        phase=Phase.BOOT,
        impact=Impact.OUTAGE,
        references=(release.reference,),
    )
