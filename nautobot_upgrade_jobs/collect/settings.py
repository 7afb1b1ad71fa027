"""Collect the settings of this installation."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nautobot.core.settings as defaults
from constance.codecs import loads
from django.conf import settings

from ..facts import Settings
from ..facts.settings import Setting
from .context import Context, attempt, explain
from .db.sql import fetch_rows
from .support.explicit_settings import explicit_value
from .support.redaction import redact_setting

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NON_SECRET_SETTINGS = frozenset(
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
"""Settings whose values are useful to an operator and never secret."""
MISSING = object()


def collect(context: Context) -> Settings:
    """Return the settings that the configuration assigns or that differ from the default."""
    try:
        assigned, unread_file = _parse_assigned_names(), ""
    except (OSError, ValueError, SyntaxError) as error:
        assigned, unread_file = frozenset(), explain(error)
    return Settings(
        values=tuple(
            redact_setting(name, explicit_value(name), harmless=name in NON_SECRET_SETTINGS)
            for name in sorted(dir(settings))
            if name.isupper() and (name in assigned or _differs_from_default(name))
        ),
        constance=attempt(lambda: tuple(_read_constance_settings(context.connection))),
        environment=tuple(sorted(name for name in os.environ if name.startswith("NAUTOBOT_"))),
        storages=tuple(sorted(settings.STORAGES)) if settings.is_overridden("STORAGES") else (),
        unread_file=unread_file,
    )


def _read_constance_settings(connection: BaseDatabaseWrapper) -> Iterator[Setting]:
    """Yield the settings of the web interface that differ from the default.

    The settings are read by SQL, because Constance stores a default when it is read for the first
    time. Constance ignores rows whose key lacks its prefix. dcim.0080 leaves such a row.
    """
    prefix = str(getattr(settings, "CONSTANCE_DATABASE_PREFIX", ""))
    key = connection.ops.quote_name("key")  # a reserved word on MySQL
    for stored, text in fetch_rows(
        connection,
        f"SELECT {key}, value FROM constance_constance ORDER BY {key}",  # noqa: S608
    ):
        name = stored.removeprefix(prefix)
        options = settings.CONSTANCE_CONFIG.get(name)
        if stored.startswith(prefix) and options and _decode_constance_value(text) != options[0]:
            yield redact_setting(name, _decode_constance_value(text), harmless=False)


def _decode_constance_value(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text  # The encoding is unknown to this version of Constance.


def _differs_from_default(name: str) -> bool:
    """Return whether the configuration changes the setting from Nautobot's default."""
    default: Any = getattr(defaults, name, MISSING)
    return settings.is_overridden(name) and bool(getattr(settings, name) != default)


def _parse_assigned_names() -> frozenset[str]:
    """Return the settings that ``nautobot_config.py`` assigns.

    An assigned value can be equal to the default, for example if both come from the same
    environment variable. The next release can still reject the assignment.
    """
    path = Path(str(getattr(settings, "SETTINGS_PATH", "") or ""))
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        target.id
        for node in ast.walk(tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and hasattr(settings, target.id)
    )
