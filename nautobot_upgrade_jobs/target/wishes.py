"""What has to be in the set: Nautobot at the target, the Apps, and all that somebody installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..facts import Apps, Packages
from ..facts.packages import Package
from ..snapshot.requirements import Requirements

CORE = "nautobot"
TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""They came with the environment; nothing of Nautobot needs them."""


@dataclass(frozen=True)
class Wishes:
    """What is installed, and what of it was asked for by somebody."""

    packages: Packages
    enabled: Apps
    python: str
    """Such as ``3.11.7``."""
    more: tuple[str, ...] = ()
    """Requirements of the operator for this run: other releases of Apps, extras of Nautobot,
    further distributions."""

    @cached_property
    def installed(self) -> dict[str, Package]:
        """Distributions of the index, by canonical name."""
        return {
            canonicalize_name(one.name): one for one in self.packages.installed if not one.local
        }

    @cached_property
    def local(self) -> tuple[Package, ...]:
        """Distributions from folders and files: no index has them."""
        return tuple(one for one in self.packages.installed if one.local)

    @cached_property
    def apps(self) -> tuple[str, ...]:
        """Canonical names of the enabled Apps' distributions that an index may have."""
        names = (canonicalize_name(one.distribution) for one in self.enabled.enabled)
        return tuple(dict.fromkeys(name for name in names if name in self.installed))

    def version(self, name: str) -> str:
        """Return the installed version; empty if it is not installed."""
        found = self.installed.get(name)
        return found.version if found else ""

    def roots(self, target: str) -> tuple[str, ...]:
        """Return everything that has to be in the set, Nautobot first.

        No App goes back: old releases often state no limit and "fit" everything, and the database
        is not theirs any more.
        """
        said = {name_of(one) for one in self.more}
        apps = (f"{name}>={self.version(name)}" for name in self.apps)
        kept = (one for one in (*apps, *self.others) if name_of(one) not in said)
        further = (one for one in self.more if name_of(one) != CORE)
        return (self.core(target), *kept, *further)

    def core(self, version: str) -> str:
        """Return the requirement on Nautobot, with the extras that are installed or asked for."""
        asked = {extra for one in self.more if name_of(one) == CORE for extra in extras_of(one)}
        extras = ",".join(sorted(asked | set(self._extras())))
        return f"{CORE}[{extras}]=={version}" if extras else f"{CORE}=={version}"

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Requirements beside Nautobot and the Apps.

        What nothing else asks for, and what stands in ``local_requirements.txt`` or is asked for
        by a local distribution. Limits on Nautobot and on Apps are left out: they are for the
        installed release.
        """
        free = {CORE, *self.apps, *(canonicalize_name(one.name) for one in self.local)}
        asked = Requirements(self.packages, self.python)
        lines = [
            name for name in self.installed if name not in free | TOOLS and not asked.wants(name)
        ]
        for text in (*self.packages.requirements_file, *self._asked_by_local()):
            if (line := _parsed(text)) and canonicalize_name(line.name) not in free:
                lines.append(text)
        return tuple(dict.fromkeys(lines))

    def _asked_by_local(self) -> Iterator[str]:
        environment = {"python_version": ".".join(self.python.split(".")[:2]), "extra": ""}
        for package in self.local:
            for text in package.requires:
                line = _parsed(text)
                if line and (line.marker is None or line.marker.evaluate(environment)):
                    yield text

    def _extras(self) -> Iterator[str]:
        """Yield the extras of Nautobot all of whose requirements are installed."""
        core = self.installed.get(CORE)
        wanted: dict[str, list[str]] = {}
        for text in core.requires if core else ():
            if match := re.search(r"""extra\s*==\s*["']([\w.-]+)["']""", text):
                line = _parsed(text)
                wanted.setdefault(match[1], []).append(canonicalize_name(line.name) if line else "")
        for extra, names in wanted.items():
            if extra != "all" and all(name in self.installed for name in names):
                yield extra


def name_of(requirement: str) -> str:
    """Return the canonical name in a requirement; the text itself if it is none."""
    line = _parsed(requirement)
    return canonicalize_name(line.name) if line else requirement


def extras_of(requirement: str) -> frozenset[str]:
    """Return the extras in a requirement."""
    line = _parsed(requirement)
    return frozenset(line.extras) if line else frozenset()


def pins(packages: Iterable[Package]) -> list[str]:
    """Return ``name==version`` of each."""
    return [f"{canonicalize_name(one.name)}=={one.version}" for one in packages]


def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None  # an option of pip, or an address
