"""The settings that this installation gives itself."""

from __future__ import annotations

import os
from typing import Any

import nautobot.core.settings as defaults
from django.conf import settings

from ..facts import Settings
from . import Context
from .secrets import redacted

HARMLESS = frozenset(
    {
        "CELERY_TASK_DEFAULT_QUEUE",
        "CELERY_TASK_SOFT_TIME_LIMIT",
        "CELERY_TASK_TIME_LIMIT",
        "DEBUG",
        "DEVICE_NAME_AS_NATURAL_KEY",
        "GIT_ROOT",
        "INSTALLATION_METRICS_ENABLED",
        "JOBS_ROOT",
        "LANGUAGE_CODE",
        "MAINTENANCE_MODE",
        "MEDIA_ROOT",
        "METRICS_ENABLED",
        "NAUTOBOT_ROOT",
        "PLUGINS",
        "STATIC_ROOT",
        "TIME_ZONE",
    }
)
"""Names whose values tell an operator something and are never secret."""
MISSING = object()


def collect(_: Context) -> Settings:
    """Compare the effective settings with Nautobot's own and keep what differs."""
    return Settings(
        values=tuple(
            redacted(name, getattr(settings, name), harmless=name in HARMLESS)
            for name in sorted(dir(settings))
            if name.isupper() and _is_given(name)
        ),
        environment=tuple(sorted(name for name in os.environ if name.startswith("NAUTOBOT_"))),
        storages=tuple(sorted(getattr(settings, "STORAGES", {}))),
    )


def _is_given(name: str) -> bool:
    """Tell whether the configuration, and not a default, decides the setting."""
    default: Any = getattr(defaults, name, MISSING)
    return settings.is_overridden(name) and bool(getattr(settings, name) != default)
