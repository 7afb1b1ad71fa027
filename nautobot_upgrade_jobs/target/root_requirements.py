"""Root requirements of the package set: Nautobot, the Apps and explicitly installed packages."""

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
from ..upgrade.package_changes import INSTALLER_PACKAGES
from ..upgrade.package_requirements import PackageRequirements
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
    """The installed packages and the explicit requirements on the package set."""

    packages: Packages
    enabled_apps: Apps
    python: str
    """Version of the interpreter, such as ``3.11.7``."""
    extra_requirements: tuple[str, ...] = ()
    """Requirements that the operator gave for this run: other releases of Apps, extras of Nautobot
    or further distributions."""
    site_paths: tuple[str, ...] = ()
    """Folders with the installed packages. Empty for the packages of this process."""
    is_new_environment: bool = False
    """Whether nothing of the installed environment is kept: it is unknown, or of another
    Python. Distributions without a wheel are then built, which runs their code."""

    @cached_property
    def installed(self) -> dict[str, Package]:
        """Distributions that can be on an index, by canonical name."""
        return {
            canonicalize_name(package.name): package
            for package in self.packages.installed
            if not package.local and is_version(package.version)
        }

    @cached_property
    def local(self) -> tuple[Package, ...]:
        """Distributions that were installed from a folder or a file."""
        return tuple(package for package in self.packages.installed if package.local)

    @cached_property
    def app_distributions(self) -> tuple[str, ...]:
        """Canonical names of the enabled Apps' distributions that can be on an index."""
        names = (canonicalize_name(app.distribution) for app in self.enabled_apps.enabled)
        return tuple(dict.fromkeys(name for name in names if name in self.installed))

    @property
    def names_without_requirer(self) -> frozenset[str]:
        """Canonical names of Apps and other distributions that no distribution requires.

        Only their name connects them with the index. If the index has the name but not the
        installed version, the name can belong to another project there. A distribution that the
        operator requests for this run is left out.
        """
        requested = {requirement_name(each) for each in self.extra_requirements}
        others = map(requirement_name, self.other_requirements)
        return frozenset({*self.app_distributions, *others} - requested)

    def installed_version(self, name: str) -> str:
        """Return the installed version of a distribution. Empty if it is not installed."""
        package = self.installed.get(name)
        return package.version if package else ""

    @property
    def unparsed_requirement_lines(self) -> tuple[str, ...]:
        """Lines of ``local_requirements.txt`` that the resolver uses only in part or not at all."""
        return tuple(
            line for line in self.packages.requirements_file if not is_plain_requirement(line)
        )

    def treat_as_local(self, names: Collection[str]) -> RootRequirements:
        """Return the requirements with some distributions treated as local. They stay unchanged."""
        packages = (
            replace(package, local=True) if canonicalize_name(package.name) in names else package
            for package in self.packages.installed
        )
        return replace(self, packages=replace(self.packages, installed=tuple(packages)))

    def resolve_roots(self, target: str) -> tuple[str, ...]:
        """Return all root requirements. The requirement on Nautobot is first.

        No App is downgraded. An old release of an App often has no upper bound, so it seems
        compatible with every target. It does not match the schema of the database.
        """
        explicit = {requirement_name(each) for each in self.extra_requirements}
        apps = (
            f"{self._add_extras(name)}>={self.installed_version(name)}"
            for name in self.app_distributions
        )
        kept = (
            each
            for each in (*apps, *self.other_requirements)
            if requirement_name(each) not in explicit
        )
        further = (each for each in self.extra_requirements if requirement_name(each) != CORE)
        return (self.core_requirement(target), *kept, *further)

    def _add_extras(self, name: str) -> str:
        """Return an App's name with the extras that ``local_requirements.txt`` names.

        Requirements of local distributions can also name extras.
        """
        lines = (*self.packages.requirements_file, *self._local_package_requirements())
        extras = {
            extra
            for line in lines
            if requirement_name(line) == name
            for extra in requirement_extras(line)
        }
        return f"{name}[{','.join(sorted(extras))}]" if extras else name

    def core_requirement(self, version: str) -> str:
        """Return the requirement on Nautobot with the extras that are installed or requested."""
        requested = {
            extra
            for each in self.extra_requirements
            if requirement_name(each) == CORE
            for extra in requirement_extras(each)
        }
        extras = ",".join(sorted(requested | set(self._installed_extras())))
        return f"{CORE}[{extras}]=={version}" if extras else f"{CORE}=={version}"

    @cached_property
    def other_requirements(self) -> tuple[str, ...]:
        """Requirements on distributions other than Nautobot and the Apps.

        These are distributions that no other distribution requires, the lines of
        ``local_requirements.txt``, and the requirements of local distributions. Lines about
        Nautobot and Apps are left out, because they were written for the installed release.
        """
        local = (canonicalize_name(package.name) for package in self.local)
        excluded = {CORE, *self.app_distributions, *local}
        requirements = PackageRequirements(self.packages, self.python)
        lines = [
            name
            for name in self.installed
            if name not in excluded | INSTALLER_PACKAGES and not requirements.is_required(name)
        ]
        for text in (*self.packages.requirements_file, *self._local_package_requirements()):
            if (line := parse_requirement(text)) and canonicalize_name(line.name) not in excluded:
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
        """Yield the extras of Nautobot whose requirements are all installed."""
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
        package = self.installed.get(canonicalize_name(line.name))
        return package is not None and line.specifier.contains(package.version, prereleases=True)

    def _is_extra_installed(
        self, name: str, extra: str, visited: frozenset[str] = frozenset()
    ) -> bool:
        """Return whether all requirements of an extra are installed."""
        if (key := f"{name}[{extra}]") in visited:
            return True
        visited |= {key}
        package = self.installed.get(name)
        texts = package.requires if package else ()
        lines = [parse_requirement(text) for text in texts if extra in EXTRA_MARKER.findall(text)]
        return bool(lines) and all(
            line is not None
            and self._is_satisfied(line)
            and all(
                self._is_extra_installed(canonicalize_name(line.name), each, visited)
                for each in line.extras
            )
            for line in lines
        )


def format_pins(packages: Iterable[Package]) -> list[str]:
    """Return ``name==version`` of each package."""
    return [f"{canonicalize_name(each.name)}=={Version(each.version)}" for each in packages]


def format_exact_pins(packages: Iterable[Package]) -> list[str]:
    """Return ``name===version`` of each package. ``==1.0`` would also match ``1.0+local``."""
    return [pin.replace("==", "===", 1) for pin in format_pins(packages)]
