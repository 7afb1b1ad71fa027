"""Collect the Apps in ``PLUGINS``, their declarations and their redacted settings."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from nautobot.core.settings_funcs import is_truthy
from packaging.requirements import InvalidRequirement, Requirement

from ..catalog import load_catalog
from ..facts import App, Apps, or_none
from ..facts.packages import Package
from ..facts.settings import Setting
from ..upgrade.installed_packages import find_owning_package
from .context import Context, attempt
from .support.explicit_settings import explicit_app_settings
from .support.redaction import redact_setting


def collect(_: Context) -> Apps:
    """Describe every enabled App from its loaded code and its distribution."""
    configs = {config.name: config for config in apps.get_app_configs()}
    blocks: Mapping[str, Any] = settings.PLUGINS_CONFIG
    enabled = tuple(_build_app(module, configs[module]) for module in settings.PLUGINS)
    names = {name: tuple(sorted(map(str, block or ()))) for name, block in blocks.items()}
    # Nautobot adds the defaults of an enabled App to its block.
    names |= {app.module: tuple(one.name for one in app.settings) for app in enabled}
    configured = {name: names[name] for name in sorted(blocks)}
    variables = (conflict.override for conflict in load_catalog().app_conflicts)
    return Apps(enabled, configured, tuple(filter(_is_true, filter(None, variables))))


def _is_true(variable: str) -> bool:
    """Return whether an environment variable is true, as Nautobot reads it."""
    value = os.getenv(variable) or "False"
    return bool(or_none(attempt(lambda: is_truthy(value), expected=ValueError)))


def _build_app(module: str, config: Any) -> App:
    package = find_owning_package(module)
    return App(
        module=module,
        label=config.label,
        distribution=package.name if package else "",
        version=package.version if package else str(getattr(config, "version", "") or ""),
        nautobot_requirements=_parse_nautobot_specifiers(package),
        requires_python=package.requires_python if package else "",
        min_version=str(getattr(config, "min_version", "") or ""),
        max_version=str(getattr(config, "max_version", "") or ""),
        conflicts=_declared_conflicts(module),
        settings=_redact_settings(explicit_app_settings(module)),
        setting_names=tuple(
            sorted(
                {
                    *map(str, getattr(config, "default_settings", None) or ()),
                    *map(str, getattr(config, "required_settings", None) or ()),
                }
            )
        ),
    )


def _parse_nautobot_specifiers(package: Package | None) -> tuple[str, ...]:
    """Return the version specifiers of an App for ``nautobot``.

    The specifiers of extras are included. pip uses them only if the extra is requested.
    """
    specifiers = []
    for line in package.requires if package else ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            if re.match(r"nautobot\b(?![-_.])", line, re.IGNORECASE):
                specifiers.append(line[len("nautobot") :].strip())
            continue
        if requirement.name.lower() == "nautobot" and _requirement_applies(requirement):
            specifiers.append(str(requirement.specifier))
    return tuple(specifiers)


def _requirement_applies(requirement: Requirement) -> bool:
    """Return whether the marker of a requirement is true in this environment.

    A marker that names an extra counts as true. pip uses such a requirement only if the extra is
    requested.
    """
    marker = requirement.marker
    return marker is None or "extra" in str(marker) or marker.evaluate()


def _declared_conflicts(module: str) -> tuple[str, ...]:
    """Return the conflicting Apps that the module of an App declares, as SSoT and ChatOps do."""
    return tuple(sorted(getattr(importlib.import_module(module), "_CONFLICTING_APP_NAMES", ())))


def _redact_settings(block: Mapping[str, Any]) -> tuple[Setting, ...]:
    return tuple(redact_setting(name, block[name], harmless=False) for name in sorted(block))
