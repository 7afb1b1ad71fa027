"""What migrations a release of an App has: read from its files, nothing of it is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import distributions

from ..common.urls import without_user_info
from .index_config import uv_in
from .inspect import Limits
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable
from .venv import too_large

FOLDER = "release"


class NotReadError(Exception):
    """Nobody knows what is in the release; the message says why, free of credentials."""


@dataclass(frozen=True)
class Release:
    """What a release of an App is, as far as its files tell."""

    migrations: frozenset[str]
    """Their names."""
    requires: tuple[str, ...] = ()
    """``Requires-Dist`` lines."""


def look_into(requirement: str, module: str, limits: Limits, seconds: float) -> Release:
    """Fetch the wheel of a release, and read it.

    Args:
        requirement: A distribution and its version, such as ``nautobot-ssot==4.7.0``.
        module: Its top-level package.
        limits: The room that it may take, and where it is fetched from.
        seconds: What fetching it may take.

    Raises:
        NotReadError: There is no such release, or no wheel of it, or the index does not answer.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            uv = uv_in(folder, limits.wheel_directory, seconds)
            place = folder / FOLDER
            words = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
            uv.run(
                [*words, "--python", uv.python, "--target", str(place), requirement],
                lambda: too_large(place, limits.megabytes),
            )
            if reason := too_large(place, limits.megabytes):  # it can be faster than the watch
                raise NotReadError(reason)
            if not (place / module).is_dir():
                raise NotReadError(f"it has no package {module}")
            names = (one.stem for one in (place / module / "migrations").glob("*.py"))
            # As Django reads them: django.db.migrations.loader, load_disk.
            own = frozenset(name for name in names if name[0] not in "_~")
            (found,) = distributions(path=[str(place)])
            return Release(own, tuple(found.requires or ()))
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        raise NotReadError(without_user_info(str(error))) from None
