"""Helpers for versions of Nautobot: parsing, release lines and backported changes."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import InvalidVersion, Version


def is_version(text: str) -> bool:
    """Return whether a text is a valid version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def parse_version(version: str) -> Version:
    """Parse a version without its local part ("2.4.44+custom" is 2.4.44).

    Raises:
        packaging.version.InvalidVersion: The text is not a version (a ValueError).
    """
    return Version(Version(version).public)


def get_line_name(version: Version) -> str:
    """Return the line of a version, such as "3.2" for 3.2.7."""
    return f"{version.major}.{version.minor}"


def includes_change(version: str, marks: Sequence[str]) -> bool:
    """Return whether a version includes a change.

    A backported change has a first release in each line. A version of such a line includes the
    change from that release on. A version of any other line includes the change if the version is
    newer than all first releases.

    Args:
        version: The version to test.
        marks: The first release with the change in each line. Empty if no release has the change.
    """
    if not marks:
        return False
    parsed = parse_version(version)
    by_line = {parse_version(mark).release[:2]: parse_version(mark) for mark in marks}
    mark = by_line.get(parsed.release[:2])
    return parsed >= mark if mark else parsed > max(by_line.values())
