"""The live configuration, under settings that keep the booted target from touching anything live.

Imported by the target itself, in a process of its own. The database is kept read-only by the server
(``target_probe``); here is everything else: cache, broker, folders, mail, metrics, logs.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

IN_MEMORY_STORAGE = "django.core.files.storage.InMemoryStorage"
WRITABLE_FOLDER_SETTINGS = ("MEDIA_ROOT", "STATIC_ROOT")
READ_ONLY_FOLDER_SETTINGS = ("JOBS_ROOT", "GIT_ROOT")
"""Folders whose files are read, and not run."""
IN_MEMORY_BACKENDS = {
    "CELERY_BROKER_URL": "memory://",
    "CELERY_BROKER_READ_URL": None,
    "CELERY_BROKER_WRITE_URL": None,
    "CELERY_BROKER_TRANSPORT_OPTIONS": {},
    "CELERY_BROKER_USE_SSL": None,
    "CELERY_RESULT_BACKEND": "cache+memory://",
    "CONSTANCE_BACKEND": "constance.backends.memory.MemoryBackend",
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    "EVENT_BROKERS": {},
    "INSTALLATION_METRICS_ENABLED": False,
    "METRICS_ENABLED": False,
    "PROMETHEUS_EXPORT_MIGRATIONS": False,
    "PROMETHEUS_METRICS_EXPORT_PORT": None,
    "PROMETHEUS_METRICS_EXPORT_PORT_RANGE": None,
    "OTEL_PYTHON_DJANGO_INSTRUMENT": False,
    "LOGGING": {"version": 1, "disable_existing_loggers": False},
}


def load_isolated(  # noqa: PLR0913 - all by name
    settings: dict[str, Any],
    path: str,
    *,
    directory: str,
    scratch: str,
    without: Collection[str],
    database_alias: str,
) -> None:
    """Run a configuration file in a namespace, and make what it sets harmless.

    Args:
        settings: The namespace, of the module that takes the configuration's place.
        path: The live configuration. Nothing is written beside it, not even its bytecode.
        directory: The working directory of the live process; the configuration may count on it.
        scratch: The folder that everything is kept in.
        without: Apps to leave out.
        database_alias: The entry of ``DATABASES`` that becomes the default.
    """
    settings["__file__"] = path
    code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    own = Path.cwd()
    os.chdir(directory)
    try:
        exec(code, settings)  # noqa: S102 - as Nautobot does
    finally:
        os.chdir(own)
    settings.update(isolation_overrides(settings, Path(scratch), without, database_alias))
    _close_logs()
    if "sentry_sdk" in sys.modules:  # errors of a try are no errors of the installation
        sys.modules["sentry_sdk"].init(dsn="")


def isolation_overrides(
    settings: Mapping[str, Any], scratch: Path, without: Collection[str], database_alias: str
) -> dict[str, Any]:
    """Return what has to be set otherwise."""
    databases = copy.deepcopy(settings["DATABASES"])
    databases["default"] = databases[database_alias]
    local = "django.core.cache.backends.locmem.LocMemCache"
    caches = {alias: {"BACKEND": local, "LOCATION": alias} for alias in settings.get("CACHES", {})}
    plugins = {
        name: [one for one in settings[name] if one not in without]
        for name in ("PLUGINS", "EXTRA_PLUGINS")
        if name in settings
    }
    absent = [
        name
        for name in READ_ONLY_FOLDER_SETTINGS
        if not Path(settings.get(name) or scratch / name).is_dir()
    ]
    return {
        **IN_MEMORY_BACKENDS,
        **{name: str(scratch / name.lower()) for name in (*WRITABLE_FOLDER_SETTINGS, *absent)},
        "DATABASES": databases,
        "CACHES": {"default": {"BACKEND": local}, **caches},
        **plugins,
        **_storage_overrides(settings),
    }


def _storage_overrides(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return storages of files in memory; the live ones may be anywhere."""
    if "STORAGES" not in settings:
        return (
            {"DEFAULT_FILE_STORAGE": IN_MEMORY_STORAGE}
            if "DEFAULT_FILE_STORAGE" in settings
            else {}
        )
    stored = settings["STORAGES"].items()
    memory = {"BACKEND": IN_MEMORY_STORAGE}
    return {"STORAGES": {name: one if name == "staticfiles" else memory for name, one in stored}}


def _close_logs() -> None:
    """Close what the configuration itself has set up: log files are live, too."""
    loggers = (logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict))
    for logger in loggers:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
