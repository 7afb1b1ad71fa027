"""The live configuration, under settings that keep the booted target from touching anything live.

Imported by the target itself, in a process of its own. The database is kept read-only by the server
(``target_probe``); here is everything else: cache, broker, folders, mail, metrics, logs.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

WRITTEN = ("MEDIA_ROOT", "STATIC_ROOT")
READ = ("JOBS_ROOT", "GIT_ROOT")
"""Folders whose files are read, and not run."""
MEMORY = {
    "CELERY_BROKER_URL": "memory://",
    "CELERY_BROKER_TRANSPORT_OPTIONS": {},
    "CELERY_BROKER_USE_SSL": None,
    "CELERY_RESULT_BACKEND": "cache+memory://",
    "CONSTANCE_BACKEND": "constance.backends.memory.MemoryBackend",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "EVENT_BROKERS": {},
    "INSTALLATION_METRICS_ENABLED": False,
    "METRICS_ENABLED": False,
    "OTEL_PYTHON_DJANGO_INSTRUMENT": False,
    "LOGGING": {"version": 1, "disable_existing_loggers": False},
}


def load(
    settings: dict[str, Any],
    path: str,
    *,
    scratch: str,
    without: Collection[str],
    database_alias: str,
) -> None:
    """Run a configuration file in a namespace, and make what it sets harmless.

    Args:
        settings: The namespace, of the module that takes the configuration's place.
        path: The live configuration. Nothing is written beside it, not even its bytecode.
        scratch: The folder that everything is kept in.
        without: Apps to leave out.
        database_alias: The entry of ``DATABASES`` that becomes the default.
    """
    settings["__file__"] = path
    exec(compile(Path(path).read_bytes(), path, "exec"), settings)  # noqa: S102 - as Nautobot does
    settings.update(overrides(settings, Path(scratch), without, database_alias))
    if "sentry_sdk" in sys.modules:  # errors of a try are no errors of the installation
        sys.modules["sentry_sdk"].init(dsn="")


def overrides(
    settings: Mapping[str, Any], scratch: Path, without: Collection[str], database_alias: str
) -> dict[str, Any]:
    """Return what has to be set otherwise."""
    databases = copy.deepcopy(settings["DATABASES"])
    databases["default"] = databases[database_alias]
    local = "django.core.cache.backends.locmem.LocMemCache"
    caches = {alias: {"BACKEND": local, "LOCATION": alias} for alias in settings.get("CACHES", {})}
    plugins = [one for one in settings.get("PLUGINS", ()) if one not in without]
    absent = [name for name in READ if not Path(settings.get(name) or scratch / name).is_dir()]
    return {
        **MEMORY,
        **{name: str(scratch / name.lower()) for name in (*WRITTEN, *absent)},
        "DATABASES": databases,
        "CACHES": {"default": {"BACKEND": local}, **caches},
        "PLUGINS": plugins,
    }
