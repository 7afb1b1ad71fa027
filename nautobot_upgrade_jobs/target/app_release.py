"""What migrations a release of an App has: read from its files, nothing of it is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import distributions

from ..common.urls import mask_url_credentials
from .index_config import create_uv
from .inspect import BuildLimits
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable
from .venv import describe_size_violation

RELEASE_FOLDER = "release"


class ReleaseUnreadable(Exception):
    """Nobody knows what is in the release; the message says why, free of credentials."""


@dataclass(frozen=True)
class AppRelease:
    """What a release of an App is, as far as its files tell."""

    migrations: frozenset[str]
    """Their names."""
    requires: tuple[str, ...] = ()
    """``Requires-Dist`` lines."""


def read_app_release(
    requirement: str, module: str, limits: BuildLimits, seconds: float
) -> AppRelease:
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
            uv = create_uv(folder, limits.wheel_directory, seconds)
            place = folder / RELEASE_FOLDER
            words = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
            uv.run(
                [*words, "--python", uv.python, "--target", str(place), requirement],
                lambda: describe_size_violation(place, limits.max_megabytes),
            )
            if reason := describe_size_violation(
                place, limits.max_megabytes
            ):  # it can be faster than the watch
                raise ReleaseUnreadable(reason)
            if not (place / module).is_dir():
                raise ReleaseUnreadable(f"it has no package {module}")
            names = (one.stem for one in (place / module / "migrations").glob("*.py"))
            # As Django reads them: django.db.migrations.loader, load_disk.
            own = frozenset(name for name in names if name[0] not in "_~")
            (found,) = distributions(path=[str(place)])
            return AppRelease(own, tuple(found.requires or ()))
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        raise ReleaseUnreadable(mask_url_credentials(str(error))) from None
