"""All distributions in Nautobot's environment."""

from __future__ import annotations

from ..facts import Packages
from . import Context
from .distributions import installed


def collect(_: Context) -> Packages:
    """Read the metadata of every installed distribution."""
    return Packages(installed())
