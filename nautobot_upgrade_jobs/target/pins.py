"""Whether the packages of an earlier state can still be had, and by which hashes."""

from __future__ import annotations

from ..common.urls import mask_url_credentials
from ..facts import Apps, Packages
from ..facts.pinned_packages import PinnedPackages
from ..rollback.package_set import kept_out, to_be_found, unasked, without_tools
from .index_availability import query_availability
from .index_config import create_uv
from .inspect import BuildLimits
from .root_requirements import RootRequirements, format_exact_pins
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_config import UV_TOML, index_cache_configuration, uv_configuration


def lock_packages(
    then: Packages, now: Packages, python: str, limits: BuildLimits, seconds: float
) -> PinnedPackages:
    """Ask the index for exactly these packages; nothing is built, nothing is resolved.

    Args:
        then: What was installed.
        now: What is installed; it need not be fetched again.
        python: Version of the interpreter, such as ``3.11.7``.
        limits: Where to work, and to install from.
        seconds: What asking may take.
    """
    try:
        with scratch_folder(limits.work_directory) as folder:
            uv = create_uv(folder, limits.wheel_directory, seconds)
            return _lock_packages(
                uv, RootRequirements(without_tools(then), Apps((), ()), python), now
            )
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        return unasked(then, now, mask_url_credentials(str(error)))


def _lock_packages(uv: Uv, then: RootRequirements, now: Packages) -> PinnedPackages:
    text = uv_configuration(then.installed.values(), (), index_cache_configuration(uv))
    (uv.folder / UV_TOML).write_text(text, "utf-8")
    offer = query_availability(uv, then)
    asked = (format_exact_pins(offer.available), "--no-deps", "--no-annotate")
    text = uv.compile(*asked, "--generate-hashes").text
    if any("==" in line and not line.endswith("\\") for line in text.splitlines()):
        text = uv.compile(*asked).text  # a folder tells none, and pip wants all or none
    lost = offer.missing_distributions | offer.missing_versions
    missing = to_be_found(then.packages, now, lost)
    return PinnedPackages(mask_url_credentials(text) + kept_out(then.packages, lost), missing)
