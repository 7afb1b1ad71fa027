"""What the set for a target changes in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from ..facts import Packages
from ..facts.packages import Package
from ..facts.resolution import Resolution

TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""They came with the environment: no set asks for them, and none removes them."""


@dataclass(frozen=True)
class PackageChange:
    """One distribution that is another one afterwards."""

    name: str
    before: str
    """Empty if it is new."""
    after: str
    """Empty if nothing asks for it any more."""
    wanted_by: tuple[str, ...]

    @property
    def story(self) -> str:
        """The change in words."""
        if not self.before:
            return f"new: {self.after}"
        if not self.after:
            return f"{self.before}, not needed any more"
        return f"{self.before} to {self.after}"


def package_changes(packages: Packages, resolution: Resolution) -> Iterator[PackageChange]:
    """Yield what comes, goes and changes, by name.

    What is left out of the set, or on no index, is no change: a finding says so.
    """
    before: dict[str, Package] = {canonicalize_name(one.name): one for one in packages.installed}
    after = {one.name: one for one in resolution.packages}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old and (old.local or name in TOOLS or name in resolution.excluded):
            continue
        if not new and name in resolution.not_on_index:
            continue
        was, now = old.version if old else "", new.version if new else ""
        if was != now and after:
            yield PackageChange(name, was, now, new.required_by if new else ())


def brought_along(packages: Packages, resolution: Resolution) -> tuple[str, ...]:
    """Return ``name==version`` of what is installed, in no index, and therefore not in the set."""
    found = {one.name for one in resolution.packages}
    if not found:
        return ()
    return tuple(
        f"{one.name}=={one.version}"
        for one in packages.installed
        if canonicalize_name(one.name) not in found | TOOLS
        and (one.local or canonicalize_name(one.name) in resolution.not_on_index)
    )
