"""Builds the target, starts it, and looks at it from inside."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from ..common.urls import without_user_info
from ..facts import Apps, Customizations, Unavailable
from ..facts.booted import Booted
from ..facts.notes import Notes
from ..facts.resolution import Resolution
from .index_config import uv_in
from .release_notes import read_notes
from .root_requirements import CORE, Wishes
from .scratch_dir import ScratchError, require_programs_run, scratch_folder
from .trial_boot import Boot, BootFailed, Live
from .uv import interpreter
from .venv import BuildFailed, build

NOT_IN_TIME = "the packages were not installed in time ('build_timeout_seconds')"


@dataclass(frozen=True)
class Limits:
    """What building and starting may take, and where."""

    build_seconds: int
    boot_seconds: int
    megabytes: int
    work_directory: str = ""
    """Empty for the system's temporary directory."""
    keep: int = 0
    """Environments that stay in the work directory for runs that want the same set."""
    wheel_directory: str = ""
    """Install from this folder instead of the index."""


def look_inside(
    resolution: Resolution, wishes: Wishes, live: Live, limits: Limits
) -> Booted | Unavailable:
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
            require_programs_run(folder)
            uv = uv_in(folder, limits.wheel_directory, limits.build_seconds, NOT_IN_TIME)
            keep = limits.keep if limits.work_directory else 0
            made = build(uv, resolution, wishes, limit=limits.megabytes, keep=keep)
            notes = _notes(made, resolution, wishes)
            deadline = time.monotonic() + limits.boot_seconds
            python = made / "bin" / "python"
            booted = Boot(python, folder / "target", live, deadline).run(
                resolution.target, _missing(live.apps, resolution)
            )
            if _has_problems(booted):
                today = Boot(Path(interpreter()), folder / "today", live, deadline)
                booted = replace(booted, today=_customizations(today, wishes.version(CORE)))
            return replace(booted, notes=notes)
    except ScratchError as error:
        return Unavailable(str(error))
    except BuildFailed as error:
        return Unavailable(f"the target could not be built: {without_user_info(str(error))}")
    except BootFailed as error:
        return Unavailable(f"the target could not be looked at: {without_user_info(str(error))}")
    except OSError as error:
        return Unavailable(f"the target could not be built: {error}")


def _notes(made: Path, resolution: Resolution, wishes: Wishes) -> Notes | Unavailable:
    """Return the release notes of Nautobot and the Apps; nothing else hangs on them."""
    new = {one.name: one.version for one in resolution.packages}
    moves = {
        name: (wishes.version(name), new[name])
        for name in (CORE, *wishes.apps)
        if name in new and new[name] != wishes.version(name)
    }
    try:
        return read_notes(made, moves)
    except Exception as error:  # noqa: BLE001 - they are pages of others
        return Unavailable(f"they could not be read: {type(error).__name__}: {error}")


def _missing(apps: Apps, resolution: Resolution) -> list[str]:
    """Return the enabled Apps that are not in the set."""
    left_out = {canonicalize_name(name) for name in resolution.left_out}
    return [one.module for one in apps.enabled if canonicalize_name(one.distribution) in left_out]


def _customizations(boot: Boot, release: str) -> Customizations | Unavailable:
    """Return what another release says of what users have made; what is known stays known."""
    try:
        return boot.run(release, ()).facts.customizations
    except BootFailed as error:
        return Unavailable(str(error))


def _has_problems(booted: Booted) -> bool:
    """Tell whether to ask the installed release about the same: it may be no better."""
    found = booted.facts.customizations
    return not isinstance(found, Unavailable) and bool(found.problems)
