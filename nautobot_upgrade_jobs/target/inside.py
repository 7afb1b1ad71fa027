"""Builds the target, starts it, and looks at it from inside; nothing of it stays."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..facts import Unavailable
from ..facts.booted import Booted
from ..facts.resolution import Resolution
from ..facts.urls import without_user_info
from .boot import Boot, BootFailed, Live
from .build import BuildFailed, build
from .index import environment, options
from .scratch import ScratchError, scratch_folder
from .uv import Uv, interpreter
from .wishes import Wishes


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
            uv = Uv(
                python=interpreter(),
                folder=folder,
                environment=environment(limits.wheel_directory),
                deadline=time.monotonic() + limits.build_seconds,
                options=options(limits.wheel_directory),
                too_late="the packages were not installed in time ('build_timeout_seconds')",
            )
            keep = limits.keep if limits.work_directory else 0
            made = build(uv, resolution, wishes, limit=limits.megabytes, keep=keep)
            return Boot(made, folder, live, time.monotonic() + limits.boot_seconds).run(resolution)
    except ScratchError as error:
        return Unavailable(str(error))
    except BuildFailed as error:
        return Unavailable(f"the target could not be built: {without_user_info(str(error))}")
    except BootFailed as error:
        return Unavailable(f"the target could not be looked at: {without_user_info(str(error))}")
    except OSError as error:
        return Unavailable(f"the target could not be built: {error}")
