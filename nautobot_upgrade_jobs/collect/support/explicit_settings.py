"""What this installation says itself in settings that Django and Nautobot complete in place.

Both write defaults into ``DATABASES`` and ``PLUGINS_CONFIG``: the one when a connection is first
used, the other for each App. Another release has other defaults, and nobody changed anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.utils import ConnectionHandler


def explicit_value(name: str) -> Any:
    """Return the value of a setting without what was filled in.

    Raises:
        AttributeError: There is no such setting.
    """
    value = getattr(settings, name)
    if name == "DATABASES":
        return {alias: _explicit_database_settings(block) for alias, block in value.items()}
    if name == "PLUGINS_CONFIG":
        # An App without a block gets one, too.
        return {module: block for module in value if (block := explicit_app_settings(module))}
    return value


def explicit_app_settings(module: str) -> Mapping[str, Any]:
    """Return the settings that the configuration gives an App, without the App's defaults."""
    config = next((one for one in apps.get_app_configs() if one.name == module), None)
    defaults: Mapping[str, Any] = getattr(config, "default_settings", None) or {}
    return _remove_defaults(settings.PLUGINS_CONFIG.get(module) or {}, defaults)


def _explicit_database_settings(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a database without Django's defaults, and without what only its tests read."""
    completed: Mapping[str, Any] = ConnectionHandler({"default": {}}).settings["default"]
    own = {key: value for key, value in block.items() if key != "TEST"}
    return _remove_defaults(
        own, {key: value for key, value in completed.items() if key != "ENGINE"}
    )


def _remove_defaults(block: Mapping[str, Any], defaults: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = object()
    return {key: value for key, value in block.items() if defaults.get(key, missing) != value}
