"""Text helpers for findings."""

from __future__ import annotations

import shlex

from ..common.text import plural as plural

VENDOR_DISPLAY_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL"}
"""Names of database servers by vendor."""
MAX_LISTED = 10
"""Names that a finding lists. The rest is only counted."""


def truncate_list(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first names and, if there are more, the number of the others."""
    rest = len(names) - MAX_LISTED
    return names[:MAX_LISTED] + ((f"and {rest} more",) if rest > 0 else ())


def name_constraint_kind(kind: str) -> str:
    """Return the usual name of a kind of constraint, such as ``foreign key``."""
    return {"primary": "primary key", "foreign": "foreign key"}.get(kind, kind)


def format_duration(minutes: int) -> str:
    """Return a duration in one unit: ``12 minutes``, ``5 hours``, ``3 days``."""
    if minutes < 120:
        return plural(minutes, "minute")
    hours = minutes // 60
    return plural(hours, "hour") if hours < 48 else plural(hours // 24, "day")


def quote_identifier(name: str) -> str:
    """Return a name as PostgreSQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return a text as SQL quotes it."""
    return "'" + text.replace("'", "''") + "'"


def nautobot_shell_command(code: str) -> str:
    """Return the shell command that runs Python code inside Nautobot.

    The option is spelled ``--command`` because ``nautobot-server`` before 3.2.7 uses ``-c`` for its
    configuration. The code contains names from the database and is quoted for the shell.
    """
    return f"nautobot-server shell --command {shlex.quote(code)}"
