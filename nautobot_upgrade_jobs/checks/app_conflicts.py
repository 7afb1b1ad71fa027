"""Findings about an App that was included in another App, and about its settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name

from ..catalog import AppConflict, ConflictingApp
from ..facts import Apps, Packages
from .build import finding, info, warning
from .findings import Finding, Severity
from .remediation import Command, configuration, shell
from .text import truncate_list


def conflict_finding(conflict: AppConflict, included: ConflictingApp, apps: Apps) -> Finding:
    """Return the finding about an enabled App that another App includes."""
    both_enabled = conflict.app in {app.module for app in apps.enabled}
    overridden = conflict.override in apps.overrides
    return finding(
        Severity.BLOCKER if both_enabled and not overridden else Severity.WARNING,
        included.module,
        f"{conflict.distribution} includes {included.module} since release {included.since} and "
        "does not start while both are enabled."
        + (f" The environment variable {conflict.override} is set." if overridden else ""),
        fix=" ".join(_steps(conflict, included, overridden)),
        commands=settings_block(included.config_from, included, apps),
        see=(conflict.reference,),
    )


def _steps(conflict: AppConflict, included: ConflictingApp, overridden: bool) -> Iterator[str]:
    yield f"Remove {included.module} from PLUGINS."
    if included.enable_setting:
        yield (
            f"Set {included.enable_setting!r} to True in PLUGINS_CONFIG[{included.config_to!r}]."
        )
    yield f"Remove the requirement {included.distribution}."
    if conflict.override:
        advice = f"Remove {conflict.override}" if overridden else f"Do not set {conflict.override}"
        yield f"{advice}. {conflict.override_warning}"


def settings_block(old: str, included: ConflictingApp, apps: Apps) -> tuple[Command, ...]:
    """Return the lines of ``nautobot_config.py`` that move the settings of an included App.

    The lines use the present values by name, so the report contains no value.

    Args:
        old: The key of PLUGINS_CONFIG that has the settings.
        included: The App.
        apps: The settings of all Apps.
    """
    new = included.config_to
    if old not in apps.configured or old == new:
        return ()
    lines = [f"PLUGINS_CONFIG.setdefault({new!r}, {{}})"]
    lines += (
        f"PLUGINS_CONFIG[{new!r}][{name!r}] = PLUGINS_CONFIG[{old!r}][{former!r}]"
        for former, name in unmoved_settings(old, included, apps).items()
        if name
    )
    return tuple(map(configuration, (*lines, f"PLUGINS_CONFIG.pop({old!r}, None)")))


def unmoved_settings(old: str, included: ConflictingApp, apps: Apps) -> dict[str, str]:
    """Return the settings under an old key that the including App does not have yet.

    Args:
        old: The key of PLUGINS_CONFIG that has the settings.
        included: The App that is now part of another App.
        apps: The settings of all Apps.

    Returns:
        The new name of each setting, by its old name. The new name is empty if the including App
        declares no such setting.
    """
    declared = {
        name
        for app in apps.enabled
        if app.module == included.config_to
        for name in app.setting_names
    }
    present = apps.configured.get(included.config_to, ())
    names = {}
    for former in apps.configured[old]:
        lower = former.lower().removeprefix("nautobot_")  # NAUTOBOT_INFOBLOX_URL
        candidates = (f"{included.prefix or ''}{former}", former, lower)
        names[former] = next((name for name in candidates if name in declared), "")
    return {former: name for former, name in names.items() if name not in present}


def orphaned_settings_findings(
    conflict: AppConflict, included: ConflictingApp, apps: Apps, packages: Packages
) -> Iterator[Finding]:
    """Yield what is left of an included App that is not enabled any more."""
    for old in (included.config_from, *included.other_names):
        if old not in apps.configured or old == included.config_to:
            continue
        unmoved = unmoved_settings(old, included, apps)
        yield warning(
            f"PLUGINS_CONFIG {old}",
            f"Nothing reads PLUGINS_CONFIG['{old}'], because {conflict.distribution} now includes "
            f"the App {included.module}. PLUGINS_CONFIG['{included.config_to}'] "
            f"{_describe_number(len(unmoved), len(apps.configured[old]))}.",
            fix=f"Move the settings to PLUGINS_CONFIG['{included.config_to}']. If the integration "
            "is not used, delete them instead."
            if unmoved
            else f"Delete PLUGINS_CONFIG['{old}'].",
            commands=settings_block(old, included, apps),
            evidence=truncate_list(
                tuple(
                    f"{former} -> {name or 'no setting of this name: see the reference'}"
                    for former, name in unmoved.items()
                )
            ),
            see=(conflict.reference,),
        )
    name = canonicalize_name(included.distribution)
    is_installed = name in {canonicalize_name(package.name) for package in packages.installed}
    lines = tuple(line for line in packages.requirements_file if _required_name(line) == name)
    if is_installed or lines:
        yield info(
            included.distribution,
            f"Nothing uses the {'installed' if is_installed else 'required'} package "
            f"{included.distribution}, because {conflict.distribution} now includes this App.",
            fix=" ".join(_removal_steps(included.distribution, bool(lines), is_installed)),
            commands=(shell("pip uninstall {}", included.distribution),) if is_installed else (),
            evidence=tuple(f"local_requirements.txt: {line}" for line in lines),
            see=(conflict.reference,),
        )


def _removal_steps(distribution: str, is_required: bool, is_installed: bool) -> Iterator[str]:
    if is_required:
        yield f"Remove {distribution} from local_requirements.txt."
    if is_installed:
        yield f"Uninstall {distribution}."
    yield "If you build a container image, also remove the package from its build."


def _describe_number(unmoved: int, configured: int) -> str:
    if unmoved == configured:
        return "has none of these settings"
    if not unmoved:
        return "already has all of these settings"
    return f"lacks {unmoved} of these {configured} settings"


def _required_name(line: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", line)
    return canonicalize_name(match[0]) if match else ""
