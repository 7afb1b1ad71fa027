"""Known causes of a failed start of ``nautobot-server``."""

from __future__ import annotations

from dataclasses import dataclass

from .references import APP_INSTALLATION, SETTINGS


@dataclass(frozen=True)
class Cause:
    """A known cause, identified by the stage, the exception and a pattern of its message."""

    stages: str
    """Names of ``STAGES``, separated by spaces."""
    error: str
    """Class of the exception."""
    message_pattern: str
    """Pattern of the exception's message. Its groups fill the texts below."""
    subject: str
    message: str
    remediation: str
    commands: tuple[str, ...] = ()
    see: str = SETTINGS


KNOWN_CAUSES = (
    Cause(
        "configuration",
        "FileNotFoundError",
        r"Configuration file not found at (\S+)",
        "configuration",
        "The configuration file {0} does not exist.",
        "Set NAUTOBOT_ROOT or NAUTOBOT_CONFIG as the services do, and run as their user.",
        ("sudo -iu nautobot nautobot-server check",),
    ),
    Cause(
        "configuration",
        "PluginNotFound",
        r"Unable to import plugin (\S+?):",
        "{0}",
        "The App {0} is in PLUGINS, but not installed in this environment.",
        "Install the distribution with this App, or remove it from PLUGINS. The documentation of "
        "the App names the distribution.",
        see=APP_INSTALLATION,
    ),
    Cause(
        "configuration",
        "PluginImproperlyConfigured",
        r"Plugin (\S+) requires Nautobot (?:minimum|maximum) version (\S+)",
        "{0}",
        "The App {0} does not support this release of Nautobot because its limit is {1}.",
        "Install a release of the App that supports it. If there is none, remove the App from "
        "PLUGINS until there is one.",
        ("pip install --upgrade {distribution}",),
        see=APP_INSTALLATION,
    ),
    Cause(
        "configuration",
        "PluginImproperlyConfigured",
        r"Plugin (\S+) requires '(\S+)' to be present",
        "{0}",
        "The App {0} requires the setting {1}.",
        "Set it in PLUGINS_CONFIG in nautobot_config.py.",
        see=APP_INSTALLATION,
    ),
    Cause(
        "configuration apps",
        "RuntimeError",
        r"(.*conflict.*)",
        "conflicting Apps",
        "Two Apps conflict with each other: {0}",
        "Remove one of them from PLUGINS. The other one includes its functions.",
        see=APP_INSTALLATION,
    ),
    Cause(
        "apps",
        "ImproperlyConfigured",
        r"Application labels aren't unique, duplicates: (\S+)",
        "{0}",
        "Two Apps have the label {0}, because an App that became part of another App or of core is "
        "still in PLUGINS.",
        "Remove the older one from PLUGINS.",
        see=APP_INSTALLATION,
    ),
    Cause(
        "configuration apps",
        "ImproperlyConfigured",
        r"(?:The )?SECRET_KEY",
        "SECRET_KEY",
        "SECRET_KEY is empty.",
        "Set it to the previous key of this installation. With another key, existing Secrets and "
        "sessions cannot be read.",
    ),
    Cause(
        "configuration",
        "KeyError",
        r"^'([A-Z][A-Z0-9_]+)'$",
        "{0}",
        "The environment variable {0} is not set, but the configuration requires it.",
        "Look for it in Environment= and EnvironmentFile= of the unit, or in .env. If the services "
        "have it, set it for this command too. If not, add it there.",
    ),
    Cause(
        "database",
        "NotSupportedError",
        r"(.*)",
        "database version",
        "The database server is too old: {0}",
        "Upgrade the server first. Preflight reports the version that a release requires.",
    ),
    Cause(
        "database",
        "OperationalError",
        r'(?:database "([^"]+)" does not exist|Unknown database \'([^\']+)\')',
        "database",
        "The configured database does not exist.",
        "Compare DATABASES in nautobot_config.py with the databases on the server.",
    ),
    Cause(
        "database",
        "OperationalError",
        r"(?:password authentication failed|Access denied|no pg_hba.conf entry)",
        "database login",
        "The database server refuses the configured login.",
        "Compare the user and password in DATABASES with those on the server.",
    ),
    Cause(
        "database",
        "OperationalError",
        r"(.*)",
        "database server",
        "The database server cannot be reached: {0}",
        "Start it, or correct HOST and PORT in DATABASES.",
        ("sudo systemctl status postgresql",),
    ),
    Cause(
        "redis database migrations checks configuration apps",
        "ConnectionError",
        r"(.*)",
        "redis",
        "The Redis-compatible server cannot be reached: {0}",
        "Start it, or correct its address in CACHES and CELERY_BROKER_URL.",
        ("sudo systemctl status redis-server",),
    ),
    Cause(
        "redis",
        "OperationalError",
        r"(.*)",
        "message broker",
        "The message broker cannot be reached: {0}",
        "Start it, or correct its address in CELERY_BROKER_URL, and its TLS options in "
        "CELERY_BROKER_USE_SSL.",
    ),
    Cause(
        "redis",
        "AuthenticationError",
        r"(.*)",
        "redis login",
        "The Redis-compatible server refuses the configured login.",
        "Compare NAUTOBOT_REDIS_PASSWORD with the server's.",
    ),
)
