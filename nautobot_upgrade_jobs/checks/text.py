"""Small wording helpers, so that findings read like sentences."""

from __future__ import annotations

import shlex

from ..common.text import plural as plural

VENDOR_DISPLAY_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL"}
"""Database servers by vendor, as people call them."""
MAX_LISTED = 10
"""How many names a finding lists before it only counts the rest."""


def truncate_list(names: tuple[str, ...]) -> tuple[str, ...]:
    """Shorten a long list for a finding's evidence, saying how much was left out."""
    rest = len(names) - MAX_LISTED
    return names[:MAX_LISTED] + ((f"and {rest} more",) if rest > 0 else ())


def format_duration(minutes: int) -> str:
    """Return a time as people say it: ``12 minutes``, ``5 hours``, ``3 days``."""
    if minutes < 120:
        return plural(minutes, "minute")
    hours = minutes // 60
    return plural(hours, "hour") if hours < 48 else plural(hours // 24, "day")


def nautobot_shell_command(code: str) -> str:
    """Return the shell command that runs Python code inside Nautobot.

    It is spelt ``--command``: before 3.2.7 ``nautobot-server`` takes ``-c`` for its configuration.
    Names in the code come from the database, so the whole of it is quoted for the shell.
    """
    return f"nautobot-server shell --command {shlex.quote(code)}"
