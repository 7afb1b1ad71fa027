"""Read DATABASES and PLUGINS_CONFIG without the defaults that Django and Nautobot add.

Django adds defaults to ``DATABASES`` when a connection is first used. Nautobot adds defaults to
``PLUGINS_CONFIG`` for each App. Another release can have other defaults, and a comparison would
then show changes that no operator made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.utils import ConnectionHandler


def explicit_value(name: str) -> Any:
    """Return the value of a setting without the added defaults.

    Raises:
        AttributeError: The setting does not exist.
    """
    value = getattr(settings, name)
    if name == "DATABASES":
        return {alias: _explicit_database_settings(block) for alias, block in value.items()}
    if name == "PLUGINS_CONFIG":
        # Nautobot also adds a block for an App that has none.
        return {module: block for module in value if (block := explicit_app_settings(module))}
    return value


def explicit_app_settings(module: str) -> Mapping[str, Any]:
    """Return the settings that the configuration gives to an App, without the App's defaults."""
    config = next((config for config in apps.get_app_configs() if config.name == module), None)
    defaults: Mapping[str, Any] = getattr(config, "default_settings", None) or {}
    return _remove_defaults(settings.PLUGINS_CONFIG.get(module) or {}, defaults)


def _explicit_database_settings(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of a database without Django's defaults and its test settings."""
    defaults: Mapping[str, Any] = ConnectionHandler({"default": {}}).settings["default"]
    without_tests = {key: value for key, value in block.items() if key != "TEST"}
    return _remove_defaults(
        without_tests, {key: value for key, value in defaults.items() if key != "ENGINE"}
    )


def _remove_defaults(block: Mapping[str, Any], defaults: Mapping[str, Any]) -> Mapping[str, Any]:
    missing = object()
    return {key: value for key, value in block.items() if defaults.get(key, missing) != value}
