"""Read the migrations of an App release from its wheel, without running its code."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import distributions

from ..common.urls import mask_url_credentials
from .deadline import Deadline
from .index_config import create_uv
from .inspect import BuildLimits
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable
from .venv import describe_size_violation

RELEASE_FOLDER = "release"


class ReleaseUnreadable(Exception):
    """The release cannot be read. The message gives the reason without credentials."""


@dataclass(frozen=True)
class AppRelease:
    """The migrations and requirements of an App release."""

    migrations: frozenset[str]
    """Names of the migrations."""
    requires: tuple[str, ...] = ()
    """``Requires-Dist`` lines."""


def read_app_release(
    requirement: str, module: str, limits: BuildLimits, seconds: float
) -> AppRelease:
    """Fetch the wheel of a release and read it.

    Args:
        requirement: A distribution and its version, such as ``nautobot-ssot==4.7.0``.
        module: The top-level package of the distribution.
        limits: The size limit and the folder of wheels, if any.
        seconds: The time limit for fetching the wheel.

    Raises:
        ReleaseUnreadable: The release or its wheel does not exist, or the index does not answer.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            uv = create_uv(folder, limits.wheel_directory, Deadline(seconds))
            release = folder / RELEASE_FOLDER
            words = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
            uv.run(
                [*words, "--python", uv.python, "--target", str(release), requirement],
                lambda: describe_size_violation(release, limits.max_megabytes),
            )
            # The installation can end before uv.run measures the folder.
            if reason := describe_size_violation(release, limits.max_megabytes):
                raise ReleaseUnreadable(reason)
            if not (release / module).is_dir():
                raise ReleaseUnreadable(f"the release has no package {module}")
            names = (path.stem for path in (release / module / "migrations").glob("*.py"))
            # Django reads the same files: django.db.migrations.loader, load_disk.
            migrations = frozenset(name for name in names if name[0] not in "_~")
            (distribution,) = distributions(path=[str(release)])
            return AppRelease(migrations, tuple(distribution.requires or ()))
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        raise ReleaseUnreadable(mask_url_credentials(str(error))) from None
