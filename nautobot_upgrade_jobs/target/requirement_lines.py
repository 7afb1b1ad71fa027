"""Requirements as they are found in the field: old forms, options, addresses."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

OLD_WILDCARD = re.compile(r"([<>]=?\s*[\w.]+)\.\*")
"""``>=3.6.*``: setuptools took it for ``>=3.6``, the standard does not."""
PER_REQUIREMENT_OPTIONS = re.compile(r"\s+--(?:hash|config-settings|global-option)\b")
"""What pip allows behind a requirement in a file."""
PIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*")
"""One release of one distribution: https://packaging.python.org/specifications; of versions from
before them, too, so long as they can be nothing else."""


def parse_requirement(text: str) -> Requirement | None:
    """Return a requirement by name; None if it is none.

    An address is left out: what is there would have to be fetched, and could run code.
    """
    stated = OLD_WILDCARD.sub(r"\1", PER_REQUIREMENT_OPTIONS.split(text)[0])
    try:
        line = Requirement(stated)
    except InvalidRequirement:
        return None
    line.url = None
    return line


def is_plain_requirement(text: str) -> bool:
    """Tell whether a line of a requirements file says no more than its name, extras and limits."""
    line = parse_requirement(text)
    return line is not None and "@" not in PER_REQUIREMENT_OPTIONS.split(text)[0].partition(";")[0]


def parse_python_specifier(text: str) -> str:
    """Return what ``Requires-Python`` says; empty if nobody can read it."""
    try:
        return str(SpecifierSet(OLD_WILDCARD.sub(r"\1", text)))
    except InvalidSpecifier:
        return ""


def requirement_name(requirement: str) -> str:
    """Return the canonical name in a requirement; the text itself if it is none."""
    line = parse_requirement(requirement)
    return canonicalize_name(line.name) if line else requirement


def requirement_extras(requirement: str) -> frozenset[str]:
    """Return the extras in a requirement."""
    line = parse_requirement(requirement)
    return frozenset(line.extras) if line else frozenset()
