"""All distributions in Nautobot's environment."""

from __future__ import annotations

from importlib.metadata import distributions

from ..facts import Packages
from ..facts.packages import Package
from . import Context


def collect(_: Context) -> Packages:
    """Read the metadata of every installed distribution; the first on the path counts."""
    found: dict[str, Package] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name and name.lower() not in found:
            found[name.lower()] = Package(
                name=name,
                version=distribution.version,
                requires=tuple(distribution.requires or ()),
                requires_python=distribution.metadata.get("Requires-Python") or "",
            )
    return Packages(tuple(found[name] for name in sorted(found)))
