"""Override settings of the live configuration, so that the target uses no live services.

The process of the target imports this module. The module replaces cache, broker, folders, mail,
metrics and logs. ``probes.target`` makes the database session read-only.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from .isolation import POSTGRESQL_PORT, SOCKET_NAMES

APP = "nautobot_upgrade_jobs"
IN_MEMORY_STORAGE = "django.core.files.storage.InMemoryStorage"
WRITABLE_FOLDER_SETTINGS = ("MEDIA_ROOT", "STATIC_ROOT")
READ_ONLY_FOLDER_SETTINGS = ("JOBS_ROOT", "GIT_ROOT")
"""Folders whose files the target reads but does not run."""
SESSION_OPTIONS = ("assume_role", "charset", "isolation_level", "sql_mode")
"""Options of a database that concern its sessions, and not the connection to the server."""
IN_MEMORY_BACKENDS = {
    "CELERY_BROKER_URL": "memory://",
    "CELERY_BROKER_READ_URL": None,
    "CELERY_BROKER_WRITE_URL": None,
    "CELERY_BROKER_TRANSPORT_OPTIONS": {},
    "CELERY_BROKER_USE_SSL": None,
    "CELERY_RESULT_BACKEND": "cache+memory://",
    "CONSTANCE_BACKEND": "nautobot_upgrade_jobs.collect.db.constance_backend.ReadOnlyBackend",
    "CONSTANCE_DATABASE_CACHE_BACKEND": None,
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


def load_isolated(  # noqa: PLR0913 - keyword-only
    settings: dict[str, Any],
    path: str,
    *,
    directory: str,
    scratch: str,
    without: Collection[str],
    database_alias: str,
    relay: str = "",
) -> None:
    """Run the live configuration in the namespace of a module, and override settings.

    Args:
        settings: The namespace of the module that replaces the configuration.
        path: The live configuration file. Nothing is written to its folder, not even bytecode.
        directory: The working directory of the live process. The file may depend on it.
        scratch: The folder for all files of the target.
        without: Apps to exclude.
        database_alias: The entry of ``DATABASES`` that becomes the default.
        relay: The folder of the relay's socket. Empty to connect to the server itself.
    """
    settings["__file__"] = path
    code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    previous = Path.cwd()
    os.chdir(directory)
    try:
        exec(code, settings)  # noqa: S102 - as Nautobot does
    finally:
        os.chdir(previous)
    settings.update(isolation_overrides(settings, Path(scratch), without, database_alias, relay))
    _close_logs()
    if "sentry_sdk" in sys.modules:  # Errors of a trial boot must not be reported.
        sys.modules["sentry_sdk"].init(dsn="")


def isolation_overrides(
    settings: Mapping[str, Any],
    scratch: Path,
    without: Collection[str],
    database_alias: str,
    relay: str = "",
) -> dict[str, Any]:
    """Return the settings that replace settings of the live configuration."""
    databases = copy.deepcopy(settings["DATABASES"])
    databases["default"] = databases[database_alias]
    if relay:
        databases = {
            alias: _connect_to_relay(database, relay)
            if _names_same_database(database, databases["default"])
            else {**database, "PASSWORD": ""}
            for alias, database in databases.items()
        }
    local = "nautobot_upgrade_jobs.target.memory_cache.MemoryCache"
    caches = {alias: {"BACKEND": local, "LOCATION": alias} for alias in settings.get("CACHES", {})}
    plugins = {
        name: [app for app in settings[name] if app not in without]
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
        "PLUGINS_CONFIG": _remove_server(settings.get("PLUGINS_CONFIG") or {}),
        **_storage_overrides(settings),
    }


def _remove_server(configured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of Apps without our server for rehearsals, whose URL has a password."""
    own = configured.get(APP)
    if not isinstance(own, Mapping):
        return dict(configured)
    return {**configured, APP: {k: v for k, v in own.items() if k != "rehearsal_server"}}


def _names_same_database(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("ENGINE", "HOST", "NAME", "PORT"))


def _connect_to_relay(database: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Return an entry of ``DATABASES`` that connects to a relay, and holds no credential."""
    options = database.get("OPTIONS", {})
    kept = {name: options[name] for name in SESSION_OPTIONS if name in options}
    login = build_relay_login("mysql" if "mysql" in database["ENGINE"] else "postgresql", folder)
    return {**database, **login, "OPTIONS": {**kept, **login["OPTIONS"]}}


def build_relay_login(vendor: str, folder: str) -> dict[str, Any]:
    """Return the settings with which a database is reached by a relay. Empty without a folder."""
    if not folder:
        return {}
    is_mysql = vendor == "mysql"
    return {
        "HOST": str(Path(folder, SOCKET_NAMES["mysql"])) if is_mysql else folder,
        "PORT": "" if is_mysql else str(POSTGRESQL_PORT),
        "PASSWORD": "",
        "OPTIONS": {} if is_mysql else {"sslmode": "disable", "gssencmode": "disable"},
    }


def _storage_overrides(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return file storages in memory, because live storages can be external services."""
    if "STORAGES" not in settings:
        return (
            {"DEFAULT_FILE_STORAGE": IN_MEMORY_STORAGE}
            if "DEFAULT_FILE_STORAGE" in settings
            else {}
        )
    stored = settings["STORAGES"].items()
    memory = {"BACKEND": IN_MEMORY_STORAGE}
    return {"STORAGES": {name: each if name == "staticfiles" else memory for name, each in stored}}


def _close_logs() -> None:
    """Close the log handlers of the configuration, because they write to live log files."""
    loggers = (logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict))
    for logger in loggers:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
