"""Build the target, start it read-only and collect its facts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from packaging.utils import canonicalize_name

from ..common.urls import mask_url_credentials
from ..facts import Apps, Customizations, Unavailable
from ..facts.customizations import IMPORTING_TOPIC
from ..facts.release_notes import ReleaseNotes
from ..facts.resolution import Resolution
from ..facts.trial_boot import TrialBoot
from .boot_result import BootFailed
from .deadline import Deadline
from .index_config import create_uv
from .release_notes import read_release_notes
from .root_requirements import CORE, RootRequirements
from .scratch_dir import (
    ScratchError,
    find_build_directory,
    require_exec_allowed,
    scratch_folder,
)
from .trial_boot import LiveInstallation, TrialBooter
from .uv import find_interpreter
from .venv import BuildFailed, build

ALREADY_INSTALLED = Unavailable("the target is already installed")
TRIAL_BOOT = "trial boot"
"""The name of the stage for ``progress``."""
BUILD_TIMEOUT_MESSAGE = "the packages were not installed in time ('build_timeout_seconds')"


@dataclass(frozen=True)
class BuildLimits:
    """Limits and folders for building and starting the target."""

    build_seconds: int
    boot_seconds: int
    max_megabytes: int
    work_directory: str = ""
    """Parent of the scratch folders. Empty for the system's temporary directory."""
    keep_builds: int = 0
    """Number of environments to keep for runs with the same package set.

    They are in ``work_directory``, or in the cache folder of this user."""
    wheel_directory: str = ""
    """Folder of wheels to install from instead of the index."""


def inspect(
    resolution: Resolution,
    roots: RootRequirements,
    live: LiveInstallation,
    limits: BuildLimits,
    progress: Callable[[str], None] = lambda stage: None,
) -> TrialBoot | Unavailable:
    """Build the target, start it read-only on the live database and collect its facts.

    Args:
        resolution: The package set.
        roots: The root requirements, with the installed packages.
        live: The live installation. The target uses its configuration.
        limits: Limits and folders.
        progress: Called before the target is started.

    Returns:
        The trial boot, or why it is unavailable.
    """
    try:
        with open_target(resolution, roots, limits) as built:
            notes = _read_release_notes(built.environment, resolution, roots)
            progress(TRIAL_BOOT)
            deadline = Deadline(limits.boot_seconds)
            booter = TrialBooter(built.python, built.folder / "target", live, deadline, live.topics)
            trial_boot = booter.run(resolution.target, list_absent_apps(live.apps, resolution))
            return replace(trial_boot, release_notes=notes)
    except BuildFailed as error:
        return Unavailable(str(error))
    except OSError as error:
        return Unavailable(f"the target could not be started: {error}")
    except BootFailed as error:
        return Unavailable(f"the target could not be started: {mask_url_credentials(str(error))}")


class BuiltTarget(NamedTuple):
    """The environment of the target, while it exists."""

    environment: Path
    folder: Path
    """A scratch folder next to it."""

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.environment / "bin" / "python"


@contextlib.contextmanager
def open_target(
    resolution: Resolution, roots: RootRequirements, limits: BuildLimits
) -> Iterator[BuiltTarget]:
    """Build the environment of the target, and remove it at the end unless it is kept.

    Raises:
        BuildFailed: It could not be built. The message is complete and without credentials.
    """
    with contextlib.ExitStack() as stack:
        try:
            parent = limits.work_directory or (find_build_directory() if limits.keep_builds else "")
            folder = stack.enter_context(scratch_folder(parent))
            require_exec_allowed(folder)
            uv = create_uv(
                folder,
                limits.wheel_directory,
                Deadline(limits.build_seconds),
                BUILD_TIMEOUT_MESSAGE,
            )
            keep = limits.keep_builds if parent else 0
            environment = build(uv, resolution, roots, limit=limits.max_megabytes, keep=keep)
        except ScratchError as error:
            raise BuildFailed(str(error)) from None
        except (BuildFailed, OSError) as error:
            reason = mask_url_credentials(str(error))
            raise BuildFailed(f"the target could not be built: {reason}") from None
        yield BuiltTarget(environment, folder)


def inspect_installed(
    release: str,
    live: LiveInstallation,
    limits: BuildLimits,
    progress: Callable[[str], None] = lambda stage: None,
    *,
    interpreter: str = "",
) -> TrialBoot | Unavailable:
    """Start the installed release read-only on the live database and collect its facts.

    Args:
        release: The installed release of Nautobot.
        live: The live installation.
        limits: Limits and folders.
        progress: Called before the release is started.
        interpreter: Its Python. Empty for the Python of this process.

    Returns:
        The trial boot, or why it is unavailable.
    """
    progress(TRIAL_BOOT)
    try:
        with scratch_folder(limits.work_directory) as folder:
            python, deadline = (
                Path(interpreter or find_interpreter()),
                Deadline(limits.boot_seconds),
            )
            booter = TrialBooter(python, folder / "target", live, deadline, live.topics)
            return replace(booter.run(release, ()), release_notes=ALREADY_INSTALLED)
    except ScratchError as error:
        return Unavailable(str(error))
    except BootFailed as error:
        message = mask_url_credentials(str(error))
        return Unavailable(f"the installed release could not be started: {message}")


def inspect_installed_customizations(
    release: str, live: LiveInstallation, work_directory: str, deadline: Deadline
) -> Customizations | Unavailable:
    """Start the installed release, and return the problems of Job files and schedules.

    Args:
        release: The installed release of Nautobot.
        live: The live installation.
        work_directory: Parent of the scratch folder.
        deadline: The end of the time limit. Another thread can bring it forward.

    Returns:
        The problems, or why they are unavailable.
    """
    try:
        with scratch_folder(work_directory) as folder:
            python = Path(find_interpreter())
            booter = TrialBooter(python, folder / "target", live, deadline, (IMPORTING_TOPIC,))
            return booter.run(release, ()).facts.customizations
    except (ScratchError, BootFailed) as error:
        return Unavailable(mask_url_credentials(str(error)))


def _read_release_notes(
    environment: Path, resolution: Resolution, roots: RootRequirements
) -> ReleaseNotes | Unavailable:
    """Return the release notes of Nautobot and the Apps, or why they cannot be read."""
    versions = {package.name: package.version for package in resolution.packages}
    changes = {
        name: (roots.installed_version(name), versions[name])
        for name in (CORE, *roots.app_distributions)
        if name in versions and versions[name] != roots.installed_version(name)
    }
    try:
        return read_release_notes(environment, changes)
    except Exception as error:  # noqa: BLE001 - pages of Apps can have any form
        return Unavailable(f"the release notes could not be read: {type(error).__name__}: {error}")


def list_absent_apps(apps: Apps, resolution: Resolution) -> list[str]:
    """Return the enabled Apps that are not in the package set."""
    excluded = {canonicalize_name(name) for name in resolution.excluded}
    return [app.module for app in apps.enabled if canonicalize_name(app.distribution) in excluded]
