"""What has to be in the set: Nautobot at the target, the Apps, and all that somebody installed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..catalog.versions import is_version
from ..facts import Apps, Packages
from ..facts.packages import Package
from ..snapshot.package_requirements import Requirements
from ..upgrade.package_changes import TOOLS
from .requirement_lines import (
    is_plain_requirement,
    parse_requirement,
    requirement_extras,
    requirement_name,
)

CORE = "nautobot"
EXTRA_MARKER = re.compile(r"""extra\s*==\s*["']([\w.-]+)["']""")


@dataclass(frozen=True)
class RootRequirements:
    """What is installed, and what of it was asked for by somebody."""

    packages: Packages
    enabled_apps: Apps
    python: str
    """Such as ``3.11.7``."""
    extra_requirements: tuple[str, ...] = ()
    """Requirements of the operator for this run: other releases of Apps, extras of Nautobot,
    further distributions."""

    @cached_property
    def installed(self) -> dict[str, Package]:
        """Distributions of the index, by canonical name."""
        return {
            canonicalize_name(one.name): one
            for one in self.packages.installed
            if not one.local and is_version(one.version)
        }

    @cached_property
    def local(self) -> tuple[Package, ...]:
        """Distributions from folders and files: no index has them."""
        return tuple(one for one in self.packages.installed if one.local)

    @cached_property
    def app_distributions(self) -> tuple[str, ...]:
        """Canonical names of the enabled Apps' distributions that an index may have."""
        names = (canonicalize_name(one.distribution) for one in self.enabled_apps.enabled)
        return tuple(dict.fromkeys(name for name in names if name in self.installed))

    def installed_version(self, name: str) -> str:
        """Return the installed version; empty if it is not installed."""
        found = self.installed.get(name)
        return found.version if found else ""

    @property
    def unparsed_requirement_lines(self) -> tuple[str, ...]:
        """Lines of ``local_requirements.txt`` that count in part, or not at all."""
        return tuple(
            one for one in self.packages.requirements_file if not is_plain_requirement(one)
        )

    def treat_as_local(self, names: Collection[str]) -> RootRequirements:
        """Return the same wishes, with these distributions taken as they are."""
        packages = (
            replace(one, local=True) if canonicalize_name(one.name) in names else one
            for one in self.packages.installed
        )
        return replace(self, packages=replace(self.packages, installed=tuple(packages)))

    def resolve_roots(self, target: str) -> tuple[str, ...]:
        """Return everything that has to be in the set, Nautobot first.

        No App goes back: old releases often state no limit and "fit" everything, and the database
        is not theirs any more.
        """
        said = {requirement_name(one) for one in self.extra_requirements}
        apps = (
            f"{self._add_extras(name)}>={self.installed_version(name)}"
            for name in self.app_distributions
        )
        kept = (
            one for one in (*apps, *self.other_requirements) if requirement_name(one) not in said
        )
        further = (one for one in self.extra_requirements if requirement_name(one) != CORE)
        return (self.core_requirement(target), *kept, *further)

    def _add_extras(self, name: str) -> str:
        """Return an App's name with the extras that somebody asks for."""
        lines = (*self.packages.requirements_file, *self._local_package_requirements())
        extras = {
            extra
            for one in lines
            if requirement_name(one) == name
            for extra in requirement_extras(one)
        }
        return f"{name}[{','.join(sorted(extras))}]" if extras else name

    def core_requirement(self, version: str) -> str:
        """Return the requirement on Nautobot, with the extras that are installed or asked for."""
        asked = {
            extra
            for one in self.extra_requirements
            if requirement_name(one) == CORE
            for extra in requirement_extras(one)
        }
        extras = ",".join(sorted(asked | set(self._installed_extras())))
        return f"{CORE}[{extras}]=={version}" if extras else f"{CORE}=={version}"

    @cached_property
    def other_requirements(self) -> tuple[str, ...]:
        """Requirements beside Nautobot and the Apps.

        What nothing else asks for, and what stands in ``local_requirements.txt`` or is asked for
        by a local distribution. Limits on Nautobot and on Apps are left out: they are for the
        installed release.
        """
        free = {CORE, *self.app_distributions, *(canonicalize_name(one.name) for one in self.local)}
        asked = Requirements(self.packages, self.python)
        lines = [
            name for name in self.installed if name not in free | TOOLS and not asked.wants(name)
        ]
        for text in (*self.packages.requirements_file, *self._local_package_requirements()):
            if (line := parse_requirement(text)) and canonicalize_name(line.name) not in free:
                lines.append(str(line))
        return tuple(dict.fromkeys(lines))

    def _local_package_requirements(self) -> Iterator[str]:
        environment = {"python_version": ".".join(self.python.split(".")[:2]), "extra": ""}
        for package in self.local:
            for text in package.requires:
                line = parse_requirement(text)
                if line and (line.marker is None or line.marker.evaluate(environment)):
                    yield text

    def _installed_extras(self) -> Iterator[str]:
        """Yield the extras of Nautobot all of whose requirements are installed."""
        core = self.installed.get(CORE)
        names = {
            extra
            for text in (core.requires if core else ())
            for extra in EXTRA_MARKER.findall(text)
        }
        for extra in sorted(names - {"all"}):
            if self._is_extra_installed(CORE, extra):
                yield extra

    def _is_satisfied(self, line: Requirement) -> bool:
        found = self.installed.get(canonicalize_name(line.name))
        return found is not None and line.specifier.contains(found.version, prereleases=True)

    def _is_extra_installed(
        self, name: str, extra: str, seen: frozenset[str] = frozenset()
    ) -> bool:
        """Tell whether all is installed that an extra of a distribution asks for."""
        if (place := f"{name}[{extra}]") in seen:
            return True
        seen |= {place}
        package = self.installed.get(name)
        texts = package.requires if package else ()
        lines = [parse_requirement(text) for text in texts if extra in EXTRA_MARKER.findall(text)]
        return bool(lines) and all(
            line is not None
            and self._is_satisfied(line)
            and all(
                self._is_extra_installed(canonicalize_name(line.name), one, seen)
                for one in line.extras
            )
            for line in lines
        )


def format_pins(packages: Iterable[Package]) -> list[str]:
    """Return ``name==version`` of each."""
    return [f"{canonicalize_name(one.name)}=={Version(one.version)}" for one in packages]


def format_exact_pins(packages: Iterable[Package]) -> list[str]:
    """Return ``name===version`` of each: ``==1.0`` would take a ``1.0+local`` as well."""
    return [one.replace("==", "===", 1) for one in format_pins(packages)]
