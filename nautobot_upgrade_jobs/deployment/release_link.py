"""Find the symbolic link that switches between releases, as in Nautobot's 1.0 upgrade guide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class SymbolicLinks(NamedTuple):
    """The symbolic links in the path of an environment."""

    release: str
    """The link whose target is the folder of a Nautobot release. Empty if there is none."""
    other: str
    """A link of which it is unknown what it is for. Empty if there is none."""


def find_symbolic_links(names: Iterable[Path], version: str) -> SymbolicLinks:
    """Return the links in the path of an environment.

    A link to a folder such as ``/data/opt`` says nothing about releases. The folder of a release
    has the version in its name, alone or after ``nautobot``.

    Args:
        names: Paths by which the environment is called, with their links.
        version: The installed version of Nautobot.
    """
    links = [path for name in names for path in (name, *name.parents) if path.is_symlink()]
    release_name = re.compile(rf"(nautobot.*\d+\.\d+.*|v?{re.escape(version)})", re.IGNORECASE)
    release = next((link for link in links if release_name.fullmatch(link.readlink().name)), None)
    others = [link for link in links if link != release]
    return SymbolicLinks(str(release or ""), str(others[0]) if others else "")
