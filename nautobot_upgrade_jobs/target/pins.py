"""Whether the packages of an earlier state can still be had, and by which hashes."""

from __future__ import annotations

from ..common.urls import without_user_info
from ..facts import Apps, Packages
from ..facts.frozen import Frozen
from ..rollback.package_set import kept_out, to_be_found, unasked, without_tools
from .index_availability import look
from .index_config import uv_in
from .inspect import Limits
from .root_requirements import Wishes, exact_pins
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable, Uv
from .uv_config import CONFIGURATION, cached_index, configured


def freeze(then: Packages, now: Packages, python: str, limits: Limits, seconds: float) -> Frozen:
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
            uv = uv_in(folder, limits.wheel_directory, seconds)
            return _freeze(uv, Wishes(without_tools(then), Apps((), ()), python), now)
    except (ScratchError, ResolverFailed, Unsolvable, OSError) as error:
        return unasked(then, now, without_user_info(str(error)))


def _freeze(uv: Uv, then: Wishes, now: Packages) -> Frozen:
    text = configured(then.installed.values(), (), cached_index(uv))
    (uv.folder / CONFIGURATION).write_text(text, "utf-8")
    offer = look(uv, then)
    asked = (exact_pins(offer.known), "--no-deps", "--no-annotate")
    text = uv.compile(*asked, "--generate-hashes").text
    if any("==" in line and not line.endswith("\\") for line in text.splitlines()):
        text = uv.compile(*asked).text  # a folder tells none, and pip wants all or none
    lost = offer.unknown | offer.gone
    missing = to_be_found(then.packages, now, lost)
    return Frozen(without_user_info(text) + kept_out(then.packages, lost), missing)
