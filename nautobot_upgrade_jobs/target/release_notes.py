"""Read the release notes that the target's packages contain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..facts.release_notes import ReleaseNote, ReleaseNotes
from .release_notes_html import parse_release_notes

PAGE_PATH = re.compile(r"release[-_]notes/version[-_](\d+(?:\.\d+)+)(?:/index)?\.html$")
MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Maximum size of a page. Nautobot's longest page has half a million bytes."""


def read_release_notes(environment: Path, changes: Mapping[str, tuple[str, str]]) -> ReleaseNotes:
    """Read the release notes of the distributions that change.

    Args:
        environment: A virtual environment with the target.
        changes: By canonical name of the distribution: the installed version and the target's.

    Returns:
        The notes of all releases after the installed release, up to the target. Each text appears
        once.
    """
    folders = [str(path) for path in environment.glob("lib/python*/site-packages")]
    by_name: dict[str, Distribution] = {
        canonicalize_name(each.metadata["Name"]): each for each in distributions(path=folders)
    }
    notes: dict[tuple[str, str, str], ReleaseNote] = {}
    without = []
    for name, (before, after) in changes.items():
        distribution = by_name.get(name)
        pages = _read_pages(distribution, Version(before), Version(after)) if distribution else {}
        if not pages:
            without.append(name)
        for line in sorted(pages, key=Version):
            for note in parse_release_notes(pages[line], name, line):
                if Version(before) < Version(note.release) <= Version(after):
                    notes.setdefault((name, note.kind, note.text), note)
    return ReleaseNotes(tuple(notes.values()), tuple(without))


def _read_pages(distribution: Distribution, before: Version, after: Version) -> dict[str, str]:
    """Return the pages by release line, from the line of one version to that of the other."""
    return {
        line: Path(str(path)).read_text("utf-8", errors="replace")
        for line, path in _find_page_files(distribution)
        if before.release[:2] <= Version(line).release[:2] <= after.release[:2]
    }


def _find_page_files(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    for file in distribution.files or ():
        if match := PAGE_PATH.search(str(file)):
            path = Path(str(distribution.locate_file(file)))
            if path.is_file() and path.stat().st_size <= MAX_PAGE_BYTES:
                yield match[1], path
