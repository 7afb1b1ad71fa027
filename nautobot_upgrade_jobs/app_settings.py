"""The settings of the App, with their defaults.

If the Jobs come from a Git repository, there is no App configuration. The Jobs then read the same
key of ``PLUGINS_CONFIG`` as the App.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .checks.acceptance import is_acceptance
from .common.errors import ConfigurationError

if TYPE_CHECKING:
    from jsonschema import ValidationError

APP = "nautobot_upgrade_jobs"
SETTINGS_LOCATION = f"PLUGINS_CONFIG[{APP!r}]"
ACCEPTANCES = "acceptances"
"""The setting with the accepted findings, which users also add to in the UI."""
UI_EDITABLE = (
    "statement_timeout_seconds",
    "snapshot_timeout_seconds",
    "resolve",
    "resolve_timeout_seconds",
    "build_timeout_seconds",
    "boot_timeout_seconds",
    "build_megabytes",
    "keep_builds",
)
"""Settings that may be changed in the UI. None of them names a folder or grants access."""
TYPE_DESCRIPTIONS = {
    "string": "a text",
    "boolean": "True or False",
    "integer": "a whole number",
    "array": "a list",
    "object": "a dict",
}


@dataclass(frozen=True)
class Configuration:
    """The settings in ``PLUGINS_CONFIG["nautobot_upgrade_jobs"]``."""

    instance: str = ""
    """Name of this installation in reports and file names. The host name if empty."""
    acceptances: list[dict[str, Any]] = field(default_factory=list)
    """Accepted findings. See ``checks/acceptance.py``."""
    deployment: dict[str, Any] = field(default_factory=dict)
    """How Nautobot is deployed. What is not set is observed, or assumed. See ``deployment/``."""
    statement_timeout_seconds: int = 30
    """The database cancels a query of a check after this time."""
    snapshot_timeout_seconds: int = 600
    """The database cancels a snapshot query, which reads a whole table, after this time."""
    snapshot_directory: str = ""
    """Folder for copies of snapshots. A restored database lacks snapshots newer than the backup."""
    backup_directory: str = ""
    """Folder of backups on the worker's host. The forms name its files."""
    resolve: bool = True
    """Ask the package index for the target's packages."""
    resolve_timeout_seconds: int = 60
    """The package index must answer all queries of a run within this time."""
    catalog_file: str = ""
    """Wheel of a newer release of this App, whose catalog replaces the built-in one."""
    wheel_directory: str = ""
    """Folder of wheels to resolve from instead of the index, for a host without network."""
    allow_build: bool = True
    """Build and start the target in a scratch environment, for permitted users. See ``build``."""
    allowed_packages: list[str] = field(default_factory=list)
    """Packages that are not installed, and that a Job may nevertheless build.

    A link can fill in the form of a Job, so a name in the form may not be the user's choice."""
    allow_network: bool = False
    """Let the code of the target use the network in the trial boot.

    Some configurations read their secrets from a service when they are loaded."""
    build_timeout_seconds: int = 300
    """The target's packages must be installed within this time."""
    build_megabytes: int = 2000
    """The maximum size of the target's environment, in MiB."""
    boot_timeout_seconds: int = 300
    """The target must start, and its facts must be collected, within this time."""
    work_directory: str = ""
    """Parent folder of the scratch environments. The system's temporary directory if empty.

    It must belong to the user that runs Nautobot, and other users must not have write access."""
    keep_builds: int = 1
    """Number of environments to keep for runs with the same package set.

    They are in ``work_directory``, or in the cache folder of the user."""
    allow_rehearsal: bool = False
    """Copy all data to a folder of this host for a rehearsal, for permitted users."""
    rehearsal_directory: str = ""
    """Parent folder of the copies, on a disk. The system's temporary directory if empty."""
    rehearsal_server: str = ""
    """URL of a PostgreSQL server for the copies. A server in the folder of the copy if empty."""
    mysql_programs: str = ""
    """Folder with ``mysqld``, ``mysql`` and ``mysqldump`` for a rehearsal. The path if empty."""
    database_alias: str = "default"
    """Entry of ``DATABASES`` to read through, for instance one whose role has only SELECT."""
    notifications: dict[str, Any] = field(default_factory=dict)
    """Whom to notify of a finished run, and when. See ``jobs/notifier.py``."""
    home_panel: bool = True
    """Show the state of the upgrade on Nautobot's home page as well."""

    @property
    def label(self) -> str:
        """The name of this installation."""
        return self.instance or platform.node() or "nautobot"


def get_default_settings() -> dict[str, Any]:
    """Return all settings with their defaults, for the App configuration."""
    unset = Configuration()
    return {item.name: getattr(unset, item.name) for item in fields(Configuration)}


def read_configuration() -> Configuration:
    """Read the App's settings. ``PLUGINS_CONFIG`` overrides values that were set in the UI.

    Raises:
        ConfigurationError: A setting is unknown or invalid.
    """
    from django.conf import settings

    aliases = tuple(settings.DATABASES)
    changed = _read_ui_settings()
    validate_settings(changed, aliases, "Admin, Configuration")
    configured = getattr(settings, "PLUGINS_CONFIG", {}).get(APP) or {}
    validate_settings(configured, aliases)
    merged = _merge_acceptances(configured.get(ACCEPTANCES) or [], changed.get(ACCEPTANCES, []))
    return Configuration(**{**changed, **configured, ACCEPTANCES: merged})


def read_catalog_file() -> str:
    """Return the setting ``catalog_file``. Empty without Nautobot's settings, or if invalid.

    A command that works without Nautobot must not load Django.
    """
    loaded = sys.modules.get("django.conf")
    settings = loaded.settings if loaded else None
    configured = getattr(settings, "PLUGINS_CONFIG", {}) if settings and settings.configured else {}
    file = (configured.get(APP) or {}).get("catalog_file", "")
    return file if isinstance(file, str) else ""


def is_rehearsal_allowed() -> bool:
    """Return whether the settings allow a rehearsal. Its Job is registered only then."""
    from django.conf import settings

    configured = getattr(settings, "PLUGINS_CONFIG", {}).get(APP) or {}
    return configured.get("allow_rehearsal") is True


def read_stored_acceptances() -> list[dict[str, Any]]:
    """Return the valid acceptances that were stored in the UI. Empty if they cannot be read."""
    stored: list[dict[str, Any]] = _read_ui_settings().get(ACCEPTANCES, [])
    return stored


def _merge_acceptances(
    configured: list[dict[str, Any]], stored: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return all acceptances. An entry of the file replaces one of the UI for the same finding."""
    decided = {(one["finding"], one["target"]) for one in configured}
    return [
        *configured,
        *(one for one in stored if (one["finding"], one["target"]) not in decided),
    ]


def validate_settings(
    settings: Any, aliases: Collection[str], location: str = SETTINGS_LOCATION
) -> Configuration:
    """Validate settings and return them as a configuration.

    Error messages do not quote the values, because a value may be a secret.

    Args:
        settings: The settings, not yet validated.
        aliases: The databases of this installation.
        location: The place of the settings, for error messages.

    Raises:
        ConfigurationError: A setting is unknown or invalid.
    """
    if not isinstance(settings, Mapping):
        raise ConfigurationError(f"{location} must be a dict of settings.")
    expected = load_settings_schema()["properties"]
    for name in settings:
        if name not in expected:
            raise ConfigurationError(
                f"{location}: unknown setting {name!r}; known: {', '.join(expected)}."
            )
    for error in _build_validator().iter_errors(dict(settings)):
        name, *inside = error.absolute_path
        position = "".join(f"[{key!r}]" for key in inside)
        raise ConfigurationError(
            f"{location}: '{name}'{position} must be {_describe_expected(error.schema, error)}."
        )
    if settings.get("database_alias", "default") not in aliases:
        raise ConfigurationError(
            f"{location}: 'database_alias' must be one of {', '.join(aliases)}."
        )
    return Configuration(**settings)


@cache
def _build_validator() -> Any:
    """Return a JSON Schema validator that does not accept 1.0 as an integer."""
    from jsonschema import Draft202012Validator, validators  # slow to import

    checker = Draft202012Validator.TYPE_CHECKER
    strict = checker.redefine("integer", lambda _, value: type(value) is int)
    extend: Any = validators.extend
    return extend(Draft202012Validator, type_checker=strict)(load_settings_schema())


@cache
def load_settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings."""
    text = files(__package__).joinpath("app-config-schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _describe_expected(expected: Mapping[str, Any], error: ValidationError) -> str:
    """Describe the expected value. The actual value is left out, because it may be a secret."""
    if error.validator in ("required", "additionalProperties"):
        names = ", ".join(expected["properties"])
        return f"an object with the keys {names}"
    words = f"{TYPE_DESCRIPTIONS[expected['type']]}" if "type" in expected else "as described"
    if "maximum" in expected:
        return f"{words} from {expected['minimum']} to {expected['maximum']}"
    if "minimum" in expected:
        return f"{words} of {expected['minimum']} or more"
    return f"{words} that is not empty" if "minLength" in expected else words


def _read_ui_settings() -> dict[str, Any]:
    """Return the settings that an administrator has changed in the UI.

    The rows are read from the database. Constance itself would ask Redis, which can be down, and
    store a missing default. The result is an empty dict if the database is not available or is in
    the middle of an upgrade.
    """
    from django.conf import settings
    from django.db import Error

    from .collect.db.constance_backend import ReadOnlyBackend

    known = getattr(settings, "CONSTANCE_CONFIG", {})
    names = {f"{APP}__{name}": name for name in (*UI_EDITABLE, ACCEPTANCES)}
    keys = {key: name for key, name in names.items() if key in known}
    try:
        values = {keys[key]: value for key, value in ReadOnlyBackend().mget(keys).items()}
    except Error:
        return {}
    # Nautobot's form stores an empty field as None, and takes anything as an acceptance. An invalid
    # one accepts nothing, and stops no run.
    changed = {name: value for name, value in values.items() if value is not None}
    if ACCEPTANCES in changed:
        stored = changed[ACCEPTANCES]
        entries = stored if isinstance(stored, list) else []
        changed[ACCEPTANCES] = [entry for entry in entries if is_acceptance(entry)]
    return changed
