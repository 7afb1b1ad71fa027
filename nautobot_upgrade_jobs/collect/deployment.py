"""Collect how this Nautobot is deployed, from files and variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nautobot
from django.conf import settings

from ..deployment.host import PATH_SETTINGS, Place, inspect_host
from ..facts import Deployment
from .context import Context

APP = "nautobot_upgrade_jobs"


def collect(_: Context) -> Deployment:
    """Inspect the host, the container and the place of the environment."""
    return inspect_host(
        Place(
            prefix=Path(sys.prefix),
            release=version("nautobot"),
            code=Path(nautobot.__file__).parent,
            has_own_environment=sys.prefix != sys.base_prefix,
            root=os.environ.get("NAUTOBOT_ROOT", ""),
            configured_paths=tuple(
                filter(None, map(_read_path, ("SETTINGS_PATH", *PATH_SETTINGS)))
            ),
            media_root=_read_path("MEDIA_ROOT"),
            static_root=_read_path("STATIC_ROOT"),
            server_hosts=tuple(_server_hosts()),
        ),
        read_setting(),
    )


def _read_path(setting: str) -> str:
    return str(getattr(settings, setting, None) or "")


def _server_hosts() -> Iterator[str]:
    """Yield the hosts of the database and of the cache."""
    yield str(settings.DATABASES["default"].get("HOST") or "")
    location = settings.CACHES["default"].get("LOCATION")
    if isinstance(location, str):
        yield urlsplit(location).hostname or ""


def read_setting() -> dict[str, tuple[str, ...]]:
    """Return the setting ``deployment``. Its validity is checked where all settings are."""
    stated: Any = (getattr(settings, "PLUGINS_CONFIG", {}).get(APP) or {}).get("deployment")
    if not isinstance(stated, Mapping):
        return {}
    return {
        str(name): tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
        for name, value in stated.items()
    }
