"""Builds the target, starts it, and looks at it from inside."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from ..common.urls import mask_url_credentials
from ..facts import Apps, Customizations, Unavailable
from ..facts.release_notes import ReleaseNotes
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from .index_config import create_uv
from .release_notes import read_release_notes
from .root_requirements import CORE, RootRequirements
from .scratch_dir import ScratchError, require_exec_allowed, scratch_folder
from .trial_boot import BootFailed, LiveInstallation, TrialBooter
from .uv import find_interpreter
from .venv import BuildFailed, build

BUILD_TIMEOUT_MESSAGE = "the packages were not installed in time ('build_timeout_seconds')"


@dataclass(frozen=True)
class BuildLimits:
    """What building and starting may take, and where."""

    build_seconds: int
    boot_seconds: int
    max_megabytes: int
    work_directory: str = ""
    """Empty for the system's temporary directory."""
    keep_builds: int = 0
    """Environments that stay in the work directory for runs that want the same set."""
    wheel_directory: str = ""
    """Install from this folder instead of the index."""


def inspect(
    resolution: Resolution, wishes: RootRequirements, live: LiveInstallation, limits: BuildLimits
) -> TrialBoot | Unavailable:
    """Build the target's set, start it on the live database, read-only, and collect its facts.

    Args:
        resolution: The set.
        wishes: What is installed here.
        live: What the target is started with.
        limits: What it may take.

    Returns:
        What the target is; or why nobody knows.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            require_exec_allowed(folder)
            uv = create_uv(
                folder, limits.wheel_directory, limits.build_seconds, BUILD_TIMEOUT_MESSAGE
            )
            keep = limits.keep_builds if limits.work_directory else 0
            made = build(uv, resolution, wishes, limit=limits.max_megabytes, keep=keep)
            notes = _read_release_notes(made, resolution, wishes)
            deadline = time.monotonic() + limits.boot_seconds
            python = made / "bin" / "python"
            trial_boot = TrialBooter(python, folder / "target", live, deadline).run(
                resolution.target, _absent_apps(live.apps, resolution)
            )
            if _has_customization_problems(trial_boot):
                today = TrialBooter(Path(find_interpreter()), folder / "today", live, deadline)
                trial_boot = replace(
                    trial_boot,
                    current_customizations=_collect_customizations(
                        today, wishes.installed_version(CORE)
                    ),
                )
            return replace(trial_boot, release_notes=notes)
    except ScratchError as error:
        return Unavailable(str(error))
    except BuildFailed as error:
        return Unavailable(f"the target could not be built: {mask_url_credentials(str(error))}")
    except BootFailed as error:
        return Unavailable(f"the target could not be looked at: {mask_url_credentials(str(error))}")
    except OSError as error:
        return Unavailable(f"the target could not be built: {error}")


def _read_release_notes(
    made: Path, resolution: Resolution, wishes: RootRequirements
) -> ReleaseNotes | Unavailable:
    """Return the release notes of Nautobot and the Apps; nothing else hangs on them."""
    new = {one.name: one.version for one in resolution.packages}
    moves = {
        name: (wishes.installed_version(name), new[name])
        for name in (CORE, *wishes.app_distributions)
        if name in new and new[name] != wishes.installed_version(name)
    }
    try:
        return read_release_notes(made, moves)
    except Exception as error:  # noqa: BLE001 - they are pages of others
        return Unavailable(f"they could not be read: {type(error).__name__}: {error}")


def _absent_apps(apps: Apps, resolution: Resolution) -> list[str]:
    """Return the enabled Apps that are not in the set."""
    left_out = {canonicalize_name(name) for name in resolution.excluded}
    return [one.module for one in apps.enabled if canonicalize_name(one.distribution) in left_out]


def _collect_customizations(boot: TrialBooter, release: str) -> Customizations | Unavailable:
    """Return what another release says of what users have made; what is known stays known."""
    try:
        return boot.run(release, ()).facts.customizations
    except BootFailed as error:
        return Unavailable(str(error))


def _has_customization_problems(trial_boot: TrialBoot) -> bool:
    """Tell whether to ask the installed release about the same: it may be no better."""
    found = trial_boot.facts.customizations
    return not isinstance(found, Unavailable) and bool(found.problems)
