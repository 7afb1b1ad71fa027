"""Groups of files, for folders with too many files to list each.

A snapshot then has the same size for any number of files. A group shows that files are missing or
changed, and how many there are, but not which.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable

from .base import Listing

NUMBER_OF_GROUPS = 256
"""Groups of each top folder."""
DIGEST_BITS = 128


def list_or_group(files: Iterable[tuple[str, str]], limit: int) -> Listing:
    """Return a listing of files, or of groups if there are more files than the limit.

    Args:
        files: Paths, each with a description. They are read once.
        limit: Number of files that are listed one by one.
    """
    groups = FileGroups()
    listed: dict[str, str] = {}
    for path, description in files:
        listed[path] = description
        if len(listed) > limit:
            for item in listed.items():
                groups.add(*item)
            listed.clear()
            limit = 0  # From now on, each file is added at once.
    return Listing(listed) if limit else groups.build_listing()


def is_grouped(listing: Listing) -> bool:
    """Return whether the items of a listing of files are groups."""
    return bool(listing.counts)


def group_listing(listing: Listing) -> Listing:
    """Return a listing of files as one of groups, to compare it with another one of groups."""
    return listing if is_grouped(listing) else list_or_group(listing.items.items(), 0)


class FileGroups:
    """Numbers and digests of files, by the first folder and a hash of the path."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._sums: defaultdict[str, int] = defaultdict(int)

    def add(self, path: str, description: str) -> None:
        """Add a file."""
        name = path.encode("utf-8", "backslashreplace")
        number = hashlib.sha256(name).digest()[0] % NUMBER_OF_GROUPS
        folder = path.partition("/")[0] if "/" in path else "."
        group = f"{folder}: group {number:02x}"
        line = name + b"\0" + description.encode("utf-8", "backslashreplace")
        self._counts[group] += 1
        # A sum does not depend on the order of the files.
        self._sums[group] += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def build_listing(self) -> Listing:
        """Return the groups, each with its number of files and their digest."""
        return Listing(
            {
                group: f"{count} files, digest {self._sums[group] % 2**DIGEST_BITS:032x}"
                for group, count in self._counts.items()
            },
            dict(self._counts),
        )
