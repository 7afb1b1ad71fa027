"""The release notes that the target's packages bring along, from the installed releases on."""

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
"""Bytes of a page; the longest of Nautobot's has half a million."""


def read_release_notes(environment: Path, moves: Mapping[str, tuple[str, str]]) -> ReleaseNotes:
    """Read the release notes of what changes.

    Args:
        environment: A virtual environment that has the target.
        moves: The installed release and that of the target, by canonical name of distributions.

    Returns:
        What is new since the installed releases, and not newer than the target; each text once.
    """
    folders = [str(path) for path in environment.glob("lib/python*/site-packages")]
    found: dict[str, Distribution] = {
        canonicalize_name(one.metadata["Name"]): one for one in distributions(path=folders)
    }
    notes: dict[tuple[str, str, str], ReleaseNote] = {}
    without = []
    for name, (before, after) in moves.items():
        pages = _read_pages(found[name], Version(before), Version(after)) if name in found else {}
        if not pages:
            without.append(name)
        for line in sorted(pages, key=Version):
            for note in parse_release_notes(pages[line], name, line):
                if Version(before) < Version(note.release) <= Version(after):
                    notes.setdefault((name, note.kind, note.text), note)
    return ReleaseNotes(tuple(notes.values()), tuple(without))


def _read_pages(distribution: Distribution, before: Version, after: Version) -> dict[str, str]:
    """Return the text of the pages that may have a release on the way, by their line."""
    return {
        line: Path(str(path)).read_text("utf-8", errors="replace")
        for line, path in _find_page_files(distribution)
        if before.release[:2] <= Version(line).release[:2] <= after.release[:2]
    }


def _find_page_files(distribution: Distribution) -> Iterator[tuple[str, Path]]:
    for one in distribution.files or ():
        if match := PAGE_PATH.search(str(one)):
            path = Path(str(distribution.locate_file(one)))
            if path.is_file() and path.stat().st_size <= MAX_PAGE_BYTES:
                yield match[1], path
