"""Parse requirements as they occur in practice: with old forms, options and URLs."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

OLD_WILDCARD = re.compile(r"([<>]=?\s*[\w.]+)\.\*")
"""``>=3.6.*``. Old setuptools read it as ``>=3.6``, but the standard rejects it."""
PER_REQUIREMENT_OPTIONS = re.compile(r"(?<!\s)\s+--(?:hash|config-settings|global-option)\b")
"""Options that pip allows after a requirement in a file."""
PIN = re.compile(
    r"(?<![A-Za-z0-9._-])[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?==[A-Za-z0-9][A-Za-z0-9.!+_-]*"
)
"""One release of one distribution (https://packaging.python.org/specifications). Older version
formats are accepted if they are unambiguous."""


def parse_requirement(text: str) -> Requirement | None:
    """Return a parsed requirement without its URL. None if the text is not a requirement.

    The URL is removed, because building the package at the URL could run code.
    """
    plain = OLD_WILDCARD.sub(r"\1", PER_REQUIREMENT_OPTIONS.split(text)[0])
    try:
        line = Requirement(plain)
    except InvalidRequirement:
        return None
    line.url = None
    return line


def is_plain_requirement(text: str) -> bool:
    """Return whether a line has only a name, extras, version specifiers and a marker."""
    line = parse_requirement(text)
    return line is not None and "@" not in PER_REQUIREMENT_OPTIONS.split(text)[0].partition(";")[0]


def parse_python_specifier(text: str) -> str:
    """Return the specifier in ``Requires-Python``. Empty if it is invalid."""
    try:
        return str(SpecifierSet(OLD_WILDCARD.sub(r"\1", text)))
    except InvalidSpecifier:
        return ""


def requirement_name(requirement: str) -> str:
    """Return the canonical name in a requirement. The text itself if it is not a requirement."""
    line = parse_requirement(requirement)
    return canonicalize_name(line.name) if line else requirement


def requirement_extras(requirement: str) -> frozenset[str]:
    """Return the extras in a requirement."""
    line = parse_requirement(requirement)
    return frozenset(line.extras) if line else frozenset()
