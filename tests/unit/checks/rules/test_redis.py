"""Rules about the Redis-compatible server."""

import pytest

from tests.support.builders import facts, redis


@pytest.mark.parametrize(
    ("server", "unreachable", "version"),
    [
        pytest.param(redis(), [], [], id="answers"),
        pytest.param(
            redis(unreachable_reason="ConnectionError: refused"),
            [("blocker", "redis")],
            "skipped",
            id="refuses",
        ),
    ],
)
def test_unreachable_server_blocks_and_skips_its_version(findings_of, server, unreachable, version):
    state = facts(redis=server)
    assert findings_of("redis.unreachable", state) == unreachable
    assert findings_of("redis.unsupported_version", state) == version


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("7.2.0", [], id="recommended"),
        pytest.param("8.0.1", [], id="newer"),
        pytest.param("6.2.14", [("warning", "redis")], id="below the recommended version"),
        pytest.param("3.2.12", [("blocker", "redis")], id="below the minimum"),
    ],
)
def test_unsupported_version_below_the_minimum_blocks(findings_of, version, expected):
    assert findings_of("redis.unsupported_version", facts(redis=redis(version=version))) == expected
