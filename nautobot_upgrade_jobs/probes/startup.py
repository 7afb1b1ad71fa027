"""Start Nautobot stage by stage and report the first failure.

The doctor runs this module in a child process, so no failure can stop the doctor. The last line of
the output is the result as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import packages_distributions
from typing import Any

from ..common.text import escape_surrogates

MAX_FRAMES = 40
OWN_PACKAGE = "nautobot_upgrade_jobs"


def load_nautobot() -> None:
    """Load Nautobot's own code."""
    import nautobot.core.cli  # noqa: F401


def load_configuration(path: str) -> None:
    """Load a configuration and its Apps."""
    import os

    from nautobot.core.cli import load_settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "nautobot_config"
    load_settings(path)


def set_up_django() -> None:
    """Start Django with all Apps."""
    import django
    from django.conf import settings

    django.setup()
    assert settings.SECRET_KEY  # noqa: S101 - Django raises an error if it is empty


def load_migrations() -> None:
    """Import the migration files of core and all Apps. Every `migrate` begins with it."""
    from django.db.migrations.loader import MigrationLoader

    MigrationLoader(None, ignore_no_migrations=True, load=False).load_disk()


def _connect_database() -> None:
    from ..collect.db.read_only_session import read_only_session

    with read_only_session(10) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _connect_cache_and_broker() -> None:
    """Connect as Nautobot does, including TLS, Sentinel and other brokers."""
    from django_redis import get_redis_connection

    from ..collect.support.broker import broker_connection

    get_redis_connection("default").ping()
    with broker_connection() as broker:
        _ = broker.default_channel  # kombu connects when it opens a channel.


def _check_migrations() -> dict[str, list[str]]:
    from ..collect import collect_facts
    from ..facts import Unavailable
    from ..migration_graph.history import MigrationHistory

    load_migrations()
    migrations = collect_facts(topics=("migrations",)).migrations
    if isinstance(migrations, Unavailable):
        raise RuntimeError(migrations.reason)
    history = MigrationHistory(migrations)
    return {
        "unapplied": list(history.unapplied),
        "findings": [f"recorded without a file: {key}" for key in history.recorded_without_file],
    }


def _run_system_checks() -> dict[str, list[str]]:
    from ..collect import collect_facts
    from ..facts import Unavailable

    system_checks = collect_facts(topics=("system_checks",)).system_checks
    if isinstance(system_checks, Unavailable):
        raise RuntimeError(system_checks.reason)
    errors = [message for message in system_checks.messages if message.level == "error"]
    return {"findings": [f"{error.id}: {error.message}" for error in errors]}


STAGES: dict[str, Callable[[], dict[str, list[str]] | None]] = {
    "import": load_nautobot,
    "configuration": lambda: load_configuration(sys.argv[1]),
    "apps": set_up_django,
    "database": _connect_database,
    "redis": _connect_cache_and_broker,
    "migrations": _check_migrations,
    "checks": _run_system_checks,
}


def run() -> dict[str, Any]:
    """Run the stages until one fails, and return the result."""
    result: dict[str, Any] = {"passed": [], "findings": [], "unapplied": [], "failure": None}
    for stage, step in STAGES.items():
        try:
            for kind, texts in (step() or {}).items():
                result[kind] += texts
        except BaseException as error:  # noqa: BLE001 - any failure is the result, also SystemExit
            result["failure"] = describe_failure(stage, error)
            return result
        result["passed"].append(stage)
    return result


def describe_failure(stage: str, error: BaseException) -> dict[str, Any]:
    """Describe the error that ended a start, with the fields of ``facts.startup.Failure``."""
    owners = _distributions_by_package()
    stack = list(_describe_frames(error, owners))
    apps = _enabled_apps()
    frames = stack[-MAX_FRAMES:]
    message = " ".join(str(error).split())
    if isinstance(error, SyntaxError):  # The text quotes the line, which may contain a secret.
        frames.append((error.filename or "", error.lineno or 0, "", "", ""))
        message = error.msg
    return {
        "stage": stage,
        "error": _redact(type(error).__name__),
        "message": _redact(message),
        "frames": [
            (_redact(file), line, _redact(function), *owner)
            for file, line, function, *owner in frames
        ],
        "distributions": {
            word: owners[word] for word in re.findall(r"\w+", message) if word in owners
        },
        "app": next((package for *_, package, _ in reversed(stack) if package in apps), ""),
    }


def _distributions_by_package() -> dict[str, str]:
    """Return the distribution of each package, without namespaces that several of them share."""
    try:
        found = packages_distributions()
    except Exception:  # noqa: BLE001 - the metadata of the environment may be broken
        return {}
    return {package: names[0] for package, names in found.items() if len(set(names)) == 1}


def _enabled_apps() -> set[str]:
    """Return the modules in ``PLUGINS``. Empty if the settings are not loaded yet."""
    settings = sys.modules.get("nautobot_config")
    return set(map(str, getattr(settings, "PLUGINS", ()) or ())) - {OWN_PACKAGE}


def _describe_frames(
    error: BaseException, owners: Mapping[str, str]
) -> Iterator[tuple[str, int, str, str, str]]:
    """Yield the fields of ``facts.startup.Frame`` for each stack frame, outermost first."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        code = frame.f_code
        yield code.co_filename, line or 0, code.co_name, package, owners.get(package, "")


def _redact(message: str) -> str:
    """Redact secrets. No secret is known before the configuration is loaded."""
    try:
        from ..collect.support.redaction import redact_text

        return redact_text(message)
    except Exception:  # noqa: BLE001 - the failing code itself may be broken
        return escape_surrogates(message)


if __name__ == "__main__":
    print(json.dumps(run()))
