"""Read the release notes that the target's packages contain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from ..facts.release_notes import ReleaseNote, ReleaseNotes
from .release_notes_html import parse_release_notes, parse_upgrade_page

PAGE_PATH = re.compile(r"release[-_]notes/version[-_](\d+(?:\.\d+)+)(?:/index)?\.html$")
UPGRADE_PAGE_PATH = re.compile(r"docs/admin/(?:admin_)?upgrade(?:/index)?\.html$")
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
        pages = _find_pages(distribution) if distribution else []
        if not pages:
            without.append(name)
        for note in _parse_pages(pages, name, Version(before), Version(after)):
            notes.setdefault((name, note.kind, note.text), note)
    return ReleaseNotes(tuple(notes.values()), tuple(without))


def _parse_pages(
    pages: list[tuple[str, Path]], name: str, before: Version, after: Version
) -> Iterator[ReleaseNote]:
    """Yield the notes of all releases after one version, up to the other."""
    for line, path in sorted(pages, key=lambda page: Version(page[0] or "0")):
        if line and not before.release[:2] <= Version(line).release[:2] <= after.release[:2]:
            continue
        html = path.read_text("utf-8", errors="replace")
        notes = parse_release_notes(html, name, line) if line else parse_upgrade_page(html, name)
        for note in notes:
            if before < Version(note.release) <= after:
                yield note


def _find_pages(distribution: Distribution) -> list[tuple[str, Path]]:
    """Return the pages of release notes, each with its line, and the upgrade page with no line."""
    pages = []
    for file in distribution.files or ():
        is_upgrade_page = UPGRADE_PAGE_PATH.search(str(file))
        match = PAGE_PATH.search(str(file))
        path = Path(str(distribution.locate_file(file)))
        if (match or is_upgrade_page) and path.is_file() and path.stat().st_size <= MAX_PAGE_BYTES:
            pages.append((match[1] if match else "", path))
    return pages
