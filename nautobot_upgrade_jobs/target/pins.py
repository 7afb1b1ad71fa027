"""Pin the packages of an earlier state, with the hashes from the index."""

from __future__ import annotations

from ..common.urls import mask_url_credentials
from ..facts import Apps, Packages
from ..facts.pinned_packages import PinnedPackages
from ..rollback.package_set import (
    excluded_comment,
    list_unavailable_packages,
    pins_without_index,
    without_installers,
)
from .deadline import Deadline
from .index_availability import query_availability
from .index_config import create_uv
from .inspect import BuildLimits
from .root_requirements import RootRequirements, format_exact_pins
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration
from .uv_output import split_by_hash


def lock_packages(
    previous: Packages, current: Packages, python: str, limits: BuildLimits, seconds: float
) -> PinnedPackages:
    """Pin the packages of an earlier state. Nothing is built or resolved.

    Args:
        previous: The packages of the earlier state.
        current: The installed packages. They need not be on the index.
        python: Version of the interpreter, such as ``3.11.7``.
        limits: The folders to work in and to install from.
        seconds: The time limit.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            uv = create_uv(folder, limits.wheel_directory, Deadline(seconds))
            return _lock_packages(
                uv, RootRequirements(without_installers(previous), Apps((), {}), python), current
            )
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        return pins_without_index(previous, current, mask_url_credentials(str(error)))


def _lock_packages(uv: Uv, previous: RootRequirements, current: Packages) -> PinnedPackages:
    text = uv_configuration(previous.installed.values(), (), index_cache_configuration(uv))
    (uv.folder / UV_TOML).write_text(text, "utf-8")
    availability = query_availability(uv, previous)
    words = (format_exact_pins(availability.available), "--no-deps", "--no-annotate")
    text = mask_url_credentials(uv.compile(*words, "--generate-hashes").text)
    hashed, unhashed = split_by_hash(text)
    lost = availability.missing_distributions | availability.missing_versions
    return PinnedPackages(
        (hashed or unhashed) + excluded_comment(previous.packages, lost),
        list_unavailable_packages(previous.packages, current, lost),
        unhashed_requirements=unhashed if hashed else "",
    )
