"""Parse the output of uv."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..facts.packages import Package
from ..facts.resolution import ResolvedPackage

PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)")
VIA = re.compile(r"^\s+# +(?:via\b)?(.*)$")
LOCKED_NAME = re.compile(r'^name = "([^"]+)"', re.MULTILINE)
LOCKED_WHEELS = re.compile(r"^(wheels = |\[\[packages\.wheels)", re.MULTILINE)
NOT_FOUND = re.compile(r"[Bb]ecause ([\w.-]+) was not found")
NO_VERSION = re.compile(r"there is no version of ([\w.-]+)==")
NEEDS_WHEELS = re.compile(r"Wheels are required for `([\w.-]+)`")
NO_USABLE_WHEELS = re.compile(r"(?<![\w.-])([\w.-]*\w)(?:[=<>!~][^ ]*)? has no usable wheels")
NO_MATCHING_WHEELS = re.compile(r"(?<![\w.-])([\w.-]+)==\S+ has no wheels with a matching")
YANKED = re.compile(r'`([\w.-]+==[^`]+)` is yanked(?: \(reason: "?(.*?)"?\)$)?', re.MULTILINE)


def parse_resolved(text: str) -> tuple[ResolvedPackage, ...]:
    """Return the distributions of a requirements file, with the ``via`` comments of each."""
    rows: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        if pin := PIN.match(line):
            rows.append((canonicalize_name(pin[1]), pin[2], []))
        elif rows and (via := VIA.match(line)):
            names = (name.strip() for name in via[1].split(","))
            rows[-1][2].extend(name for name in names if name and not name.startswith("-"))
    return tuple(ResolvedPackage(name, version, tuple(via)) for name, version, via in rows)


def remove_distributions(names: Collection[str], text: str) -> str:
    """Return a requirements file without some distributions, their hashes and their comments."""
    kept: list[str] = []
    keep = True
    for line in text.splitlines(keepends=True):
        if pin := PIN.match(line):
            keep = canonicalize_name(pin[1]) not in names
        if keep:
            kept.append(line)
    return "".join(kept)


def split_by_hash(text: str) -> tuple[str, str]:
    """Return a requirements file with the pins that have hashes, and one with the others."""
    pins = [
        (canonicalize_name(pin[1]), line) for line in text.splitlines() if (pin := PIN.match(line))
    ]
    hashed = {name for name, line in pins if line.endswith("\\")}
    unhashed = {name for name, _ in pins} - hashed
    if not hashed:
        return "", text
    return remove_distributions(unhashed, text), remove_distributions(hashed, text)


def parse_wheel_availability(text: str) -> dict[str, bool]:
    """Return by name whether a distribution in ``pylock.toml`` has a wheel."""
    tables = (table for table in text.split("[[packages]]") if LOCKED_NAME.search(table))
    return {
        canonicalize_name(LOCKED_NAME.findall(table)[0]): bool(LOCKED_WHEELS.search(table))
        for table in tables
    }


def parse_not_found(reason: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return two sets of names: missing from the index, and on the index in other versions only."""
    return (
        frozenset(map(canonicalize_name, NOT_FOUND.findall(reason))),
        frozenset(map(canonicalize_name, NO_VERSION.findall(reason))),
    )


def parse_sdist_only(reason: str) -> frozenset[str]:
    """Return the names of distributions with a release that has only an sdist."""
    return frozenset(map(canonicalize_name, NEEDS_WHEELS.findall(reason)))


def parse_without_wheels(reason: str) -> frozenset[str]:
    """Return the names of all distributions with a release that has no wheel for this Python."""
    found = map(canonicalize_name, NO_USABLE_WHEELS.findall(reason))
    return parse_sdist_only(reason) | frozenset(found)


def parse_unmatched_wheels(reason: str) -> frozenset[str]:
    """Return the names whose installed version has wheels on an index only for other Pythons."""
    return frozenset(map(canonicalize_name, NO_MATCHING_WHEELS.findall(reason)))


def parse_yanked(warnings: str) -> dict[str, str]:
    """Return the reason for each yanked ``name==version``."""
    return dict(YANKED.findall(warnings))


def find_named_packages(reason: str, packages: Iterable[Package]) -> frozenset[str]:
    """Return the packages that the resolver's explanation names with a version."""
    names = (canonicalize_name(package.name) for package in packages)
    return frozenset(name for name in names if f"{name}==" in reason)


def is_newer(candidate: str, other: str, names: Iterable[str]) -> bool:
    """Return whether a package set has a newer release of any of the names than another set."""
    new, old = (
        {package.name: Version(package.version) for package in parse_resolved(text)}
        for text in (candidate, other)
    )
    return any(new[name] > old[name] for name in names if {name} <= new.keys() & old)
