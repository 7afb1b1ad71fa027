"""Recognize the service that a command line starts."""

from __future__ import annotations

import re

from ..facts.deployment import Role

ROLES: tuple[tuple[Role, str], ...] = (
    ("beat", r"celery\b.*\bbeat\b"),
    ("worker", r"celery\b.*\bworker\b|\brqworker\b"),
    ("web", r"nautobot-server['\"]?\s+(start|runserver)\b|\b(uwsgi|gunicorn|daphne|uvicorn)\b"),
)
"""Patterns of the command line, by role. The first that matches counts."""


def role_of_command(command: str) -> Role | None:
    """Return the role of the service that a command starts. None if it is none of Nautobot's."""
    return next((role for role, pattern in ROLES if re.search(pattern, command)), None)
