"""What migrations a release of an App has: read from its files, nothing of it is run."""

from __future__ import annotations

import time

from ..facts.urls import without_user_info
from .index import environment, options
from .inside import Limits
from .scratch import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv, interpreter

FOLDER = "release"


class NotReadError(Exception):
    """Nobody knows what is in the release; the message says why, free of credentials."""


def migrations_of(requirement: str, module: str, limits: Limits) -> frozenset[str]:
    """Return the names of the migrations in a release.

    Args:
        requirement: A distribution and its version, such as ``nautobot-ssot==4.7.0``.
        module: Its top-level package.
        limits: What fetching it may take, and from where.

    Raises:
        NotReadError: There is no such release, or no wheel of it, or the index does not answer.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            uv = Uv(
                python=interpreter(),
                folder=folder,
                environment=environment(limits.wheel_directory),
                deadline=time.monotonic() + limits.build_seconds,
                options=options(limits.wheel_directory),
            )
            place = folder / FOLDER
            words = ["pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
            uv.run([*words, "--python", uv.python, "--target", str(place), requirement])
            if not (place / module).is_dir():
                raise NotReadError(f"it has no package {module}")
            files = (place / module / "migrations").glob("*.py")
            return frozenset(one.stem for one in files if one.stem != "__init__")
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        raise NotReadError(without_user_info(str(error))) from None
