"""The settings that this installation gives itself."""

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
from . import Context, attempt
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
"""Names whose values tell an operator something and are never secret."""
MISSING = object()


def collect(context: Context) -> Settings:
    """Compare the effective settings with Nautobot's own and keep what differs."""
    assigned = _parse_assigned_names()
    return Settings(
        values=tuple(
            redact_setting(name, explicit_value(name), harmless=name in NON_SECRET_SETTINGS)
            for name in sorted(dir(settings))
            if name.isupper() and (name in assigned or _differs_from_default(name))
        ),
        constance=attempt(lambda: tuple(_read_constance_settings(context.connection))),
        environment=tuple(sorted(name for name in os.environ if name.startswith("NAUTOBOT_"))),
        storages=tuple(sorted(settings.STORAGES)) if settings.is_overridden("STORAGES") else (),
    )


def _read_constance_settings(connection: BaseDatabaseWrapper) -> Iterator[Setting]:
    """Yield what administrators have set in the web interface and is not the default.

    By SQL, because Constance writes a default that it reads for the first time. Rows without the
    prefix are read by nobody; dcim.0080 leaves one.
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
        return text  # of an encoding that this Constance does not know any more


def _differs_from_default(name: str) -> bool:
    """Tell whether the configuration, and not a default, decides the setting."""
    default: Any = getattr(defaults, name, MISSING)
    return settings.is_overridden(name) and bool(getattr(settings, name) != default)


def _parse_assigned_names() -> frozenset[str]:
    """Return the settings that ``nautobot_config.py`` assigns itself.

    A value can be the default's, taken from the same environment variable, and the setting still
    stands in the file for the next release to refuse.
    """
    path = Path(str(getattr(settings, "SETTINGS_PATH", "") or ""))
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return frozenset()  # not a file of Python; the values still tell what differs
    return frozenset(
        target.id
        for node in ast.walk(tree)
        if isinstance(node, (ast.Assign, ast.AnnAssign))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and hasattr(settings, target.id)
    )
