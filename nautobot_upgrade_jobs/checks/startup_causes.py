"""Known ways in which ``nautobot-server`` fails to start, and what each comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cause:
    """A known way to fail, told by where, by which error, and by its words."""

    stages: str
    error: str
    message_pattern: str
    subject: str
    message: str
    remediation: str
    commands: tuple[str, ...] = ()


# The first that matches holds. {0}, {1} … are the groups of ``words``.
KNOWN_CAUSES = (
    Cause(
        "configuration",
        "FileNotFoundError",
        r"Configuration file not found at (\S+)",
        "configuration",
        "There is no configuration at {0}.",
        "Set NAUTOBOT_ROOT or NAUTOBOT_CONFIG as the services do, and run as their user.",
        ("sudo -iu nautobot nautobot-server check",),
    ),
    Cause(
        "configuration",
        "PluginNotFound",
        r"Unable to import plugin (\S+?):",
        "{0}",
        "The App {0} is in PLUGINS, but is not installed in this environment.",
        "Install it, or take it out of PLUGINS.",
        ("pip install {0}",),
    ),
    Cause(
        "configuration",
        "PluginImproperlyConfigured",
        r"Plugin (\S+) requires Nautobot (?:minimum|maximum) version (\S+)",
        "{0}",
        "The App {0} refuses this release of Nautobot: its limit is {1}.",
        "Install a release of the App that supports it, or take it out of PLUGINS until there is "
        "one.",
        ("pip install --upgrade {0}",),
    ),
    Cause(
        "configuration",
        "PluginImproperlyConfigured",
        r"Plugin (\S+) requires '(\S+)' to be present",
        "{0}",
        "The App {0} needs the setting {1}.",
        "Set it in PLUGINS_CONFIG in nautobot_config.py.",
    ),
    Cause(
        "configuration apps",
        "RuntimeError",
        r"(.*conflict.*)",
        "conflicting Apps",
        "Two Apps exclude each other: {0}",
        "Take one of them out of PLUGINS; what it did is part of the other.",
    ),
    Cause(
        "apps",
        "ImproperlyConfigured",
        r"Application labels aren't unique, duplicates: (\S+)",
        "{0}",
        "Two Apps have the label {0}: an App that has become part of another, or of core, is "
        "still in PLUGINS.",
        "Take the older one out of PLUGINS.",
    ),
    Cause(
        "configuration apps",
        "ImproperlyConfigured",
        r"(?:The )?SECRET_KEY",
        "SECRET_KEY",
        "SECRET_KEY is empty.",
        "Set it to the key that this installation has always had: with another one, nobody can "
        "read the Secrets and sessions of before.",
    ),
    Cause(
        "configuration",
        "KeyError",
        r"^'([A-Z][A-Z0-9_]+)'$",
        "{0}",
        "The environment variable {0} is not set, and the configuration cannot do without it.",
        "Set it as the services do: in the unit's Environment= or EnvironmentFile=, or in .env.",
    ),
    Cause(
        "database",
        "NotSupportedError",
        r"(.*)",
        "database version",
        "The database server is too old: {0}",
        "Upgrade the server first; Preflight names the version that a release needs.",
    ),
    Cause(
        "database",
        "OperationalError",
        r'(?:database "([^"]+)" does not exist|Unknown database \'([^\']+)\')',
        "database",
        "The database that the configuration names does not exist.",
        "Compare DATABASES in nautobot_config.py with the databases on the server.",
    ),
    Cause(
        "database",
        "OperationalError",
        r"(?:password authentication failed|Access denied|no pg_hba.conf entry)",
        "database login",
        "The database server refuses the login of the configuration.",
        "Compare user and password in DATABASES with those on the server.",
    ),
    Cause(
        "database",
        "OperationalError",
        r"(.*)",
        "database server",
        "The database server cannot be reached: {0}",
        "Start it, or mend HOST and PORT in DATABASES.",
        ("sudo systemctl status postgresql",),
    ),
    Cause(
        "redis database migrations checks configuration apps",
        "ConnectionError",
        r"(.*)",
        "redis",
        "The Redis-compatible server cannot be reached: {0}",
        "Start it, or mend its address in CACHES and CELERY_BROKER_URL.",
        ("sudo systemctl status redis-server",),
    ),
    Cause(
        "redis",
        "AuthenticationError",
        r"(.*)",
        "redis login",
        "The Redis-compatible server refuses the login of the configuration.",
        "Compare NAUTOBOT_REDIS_PASSWORD with the server's.",
    ),
)
