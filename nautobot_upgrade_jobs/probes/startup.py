"""Starts Nautobot step by step and tells how far that went.

Run in a process of its own by the doctor, which must survive whatever happens here. The last line
of its output is what it has to tell, as JSON.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

MAX_FRAMES = 40


def load_nautobot() -> None:
    """Load Nautobot's own code."""
    import nautobot.core.cli  # noqa: F401


def load_configuration(path: str) -> None:
    """Load a configuration, and the Apps that it names."""
    import os

    from nautobot.core.cli import load_settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "nautobot_config"
    load_settings(path)


def set_up_django() -> None:
    """Start Django with all Apps."""
    import django
    from django.conf import settings

    django.setup()
    assert settings.SECRET_KEY  # noqa: S101 - Django itself refuses an empty one when it is read


def _connect_database() -> None:
    from ..collect.db.read_only_session import read_only_session

    with read_only_session(10) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ping_redis() -> None:
    from django.conf import settings
    from django_redis import get_redis_connection

    get_redis_connection("default").ping()
    if str(settings.CELERY_BROKER_URL).startswith("redis"):
        import redis

        redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=3).ping()


def _check_migrations() -> dict[str, list[str]]:
    from ..collect import collect_facts
    from ..facts import Unavailable
    from ..migration_graph.history import History

    found = collect_facts(topics=("migrations",)).migrations
    if isinstance(found, Unavailable):
        raise RuntimeError(found.reason)
    history = History(found)
    return {
        "unapplied": list(history.unapplied),
        "findings": [f"recorded, but on no disk: {key}" for key in history.unknown],
    }


def _run_system_checks() -> dict[str, list[str]]:
    from ..collect import collect_facts
    from ..facts import Unavailable

    found = collect_facts(topics=("system_checks",)).system_checks
    if isinstance(found, Unavailable):
        raise RuntimeError(found.reason)
    errors = [f"{one.id}: {one.message}" for one in found.messages if one.level == "error"]
    return {"findings": errors}


STAGES: dict[str, Callable[[], dict[str, list[str]] | None]] = {
    "import": load_nautobot,
    "configuration": lambda: load_configuration(sys.argv[1]),
    "apps": set_up_django,
    "database": _connect_database,
    "redis": _ping_redis,
    "migrations": _check_migrations,
    "checks": _run_system_checks,
}


def run() -> dict[str, Any]:
    """Try every stage until one fails."""
    told: dict[str, Any] = {"passed": [], "findings": [], "unapplied": [], "failure": None}
    for stage, step in STAGES.items():
        try:
            for kind, texts in (step() or {}).items():
                told[kind] += texts
        except BaseException as error:  # noqa: BLE001 - SystemExit, too, is what we came for
            told["failure"] = describe_failure(stage, error)
            return told
        told["passed"].append(stage)
    return told


def describe_failure(stage: str, error: BaseException) -> dict[str, Any]:
    """Say what ended a start, as ``facts.startup.Failure`` has it."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    places = [(one.filename, one.lineno or 0, one.name) for one in frames]
    message = " ".join(str(error).split())
    if isinstance(error, SyntaxError):  # its text quotes the line, which may hold a secret
        places.append((error.filename or "", error.lineno or 0, ""))
        message = error.msg
    return {
        "stage": stage,
        "error": type(error).__name__,
        "message": _redact_message(message),
        "frames": places,
    }


def _redact_message(message: str) -> str:
    """Take secrets out, where the configuration has been loaded; else there are none to know."""
    try:
        from ..collect.support.redaction import redact_text

        return redact_text(message)
    except Exception:  # noqa: BLE001 - what fails to load is why we are here
        return message


if __name__ == "__main__":
    print(json.dumps(run()))
