"""Reading versions as Nautobot numbers them: patches of a line, and changes backported to lines."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.version import InvalidVersion, Version


def is_version(text: str) -> bool:
    """Tell whether a text is the version of a distribution."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def parse_version(version: str) -> Version:
    """Read a version, without its local part ("2.4.44+custom" is 2.4.44).

    Raises:
        packaging.version.InvalidVersion: The text is no version (a ValueError).
    """
    return Version(Version(version).public)


def get_line_name(version: Version) -> str:
    """Name the line that a version belongs to: "3.2" for 3.2.7."""
    return f"{version.major}.{version.minor}"


def includes_change(version: str, marks: Sequence[str]) -> bool:
    """Tell whether a version has what came with the given releases.

    A change that was backported came with one release per line. A version has it if it is at or
    after the mark of its own line, or of a line after all of them.

    Args:
        version: The version in question.
        marks: The first release with the change, of each line that got it; none means never.
    """
    if not marks:
        return False
    asked = parse_version(version)
    by_line = {parse_version(mark).release[:2]: parse_version(mark) for mark in marks}
    mark = by_line.get(asked.release[:2])
    return asked >= mark if mark else asked > max(by_line.values())
