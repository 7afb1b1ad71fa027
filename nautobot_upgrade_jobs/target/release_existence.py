"""Ask the package index whether it has a release of Nautobot."""

from __future__ import annotations

from .deadline import Deadline
from .index_config import create_uv
from .root_requirements import CORE
from .scratch_dir import ScratchError, scratch_folder
from .uv import ResolverFailed, Unsolvable
from .uv_output import parse_not_found


def is_missing_on_index(version: str, deadline: Deadline, wheel_directory: str = "") -> bool:
    """Return whether the index has Nautobot, but not this version of it.

    False also if the index does not answer: a later stage reports the reason.

    Args:
        version: The version of Nautobot.
        deadline: The end of the time limit.
        wheel_directory: Folder of wheels to use instead of the index. Empty for the index.
    """
    try:
        with scratch_folder() as folder:
            uv = create_uv(folder, wheel_directory, deadline)
            uv.compile([f"{CORE}=={version}"], "--no-deps")
    except Unsolvable as error:
        _, versions = parse_not_found(str(error))
        return CORE in versions
    except (ResolverFailed, ScratchError, OSError):
        return False
    return False
