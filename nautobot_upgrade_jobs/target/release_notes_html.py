"""Parse one page of release notes in the format of Nautobot and its Apps.

The page starts with an overview of the line under headings such as "Upgrade Actions". Each release
follows with a heading, such as ``v3.0.11 (2026-04-08)``, and a list for each kind of note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby

from ..catalog.versions import is_version
from ..facts.release_notes import ReleaseNote

KIND_BY_HEADING = {
    "upgrade actions": "action",
    "breaking": "breaking",
    "removed": "removed",
    "deprecated": "deprecated",
    "changed": "changed",
    "security": "security",
    "dependencies": "dependencies",
}
"""Kind of a note, by the beginning of the heading."""
RELEASE_HEADING = re.compile(r"\[?v?(\d+(?:\.\d+)+[\w.-]*)\]?(?:\s|$)")
HTTPS_URL = re.compile(r"https://[^\s<>\"']+")
ANCHOR = re.compile(r"[\w.-]+")
HEADING_TAG = re.compile("h[1-6]")
BLOCK_TAGS = ("li", "p", "table")
IGNORED_TAGS = ("script", "style", "pre")
TRACKED_TAGS = frozenset({*BLOCK_TAGS, *IGNORED_TAGS, "ul", "ol", "code", "td"})
MAX_DEPTH = 30
"""Maximum number of nested tags. Pages written by people have fewer."""
MAX_TEXT_LENGTH = 400
"""Maximum number of characters of a note."""
MAX_NAME_LENGTH = 80
"""Maximum number of characters of a name. A longer name is program code."""


@dataclass
class Block:
    """A paragraph, a table, or a list item with its contents."""

    tag: str
    headings: tuple[str, ...]
    """Headings above the block, outermost first."""
    anchor: str
    text: str = ""
    names: list[str] = field(default_factory=list)


class ReleaseNotesParser(HTMLParser):
    """Collects the blocks of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.canonical_url = ""
        self.blocks: list[Block] = []
        self._headings: dict[int, str] = {}
        self._anchor = ""
        self._open_tags: list[str] = []
        """Tags of ``TRACKED_TAGS`` and headings that are open."""
        self._current_name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block or a heading. A heading closes those of its level and deeper."""
        attributes = dict(attrs)
        if tag == "link" and attributes.get("rel") == "canonical":
            address = attributes.get("href") or ""
            self.canonical_url = address if HTTPS_URL.fullmatch(address) else ""
        self._close_implied_tags(tag)
        if tag in BLOCK_TAGS and self._headings and not self._is_in(*BLOCK_TAGS):
            headings = tuple(self._heading_text(level) for level in sorted(self._headings))
            self.blocks.append(Block(tag, headings, self._anchor))
        if HEADING_TAG.fullmatch(tag):
            anchor = attributes.get("id") or ""
            self._anchor = anchor if ANCHOR.fullmatch(anchor) else ""
            for level in range(int(tag[1]), 7):
                self._headings.pop(level, None)
        if (tag in TRACKED_TAGS or HEADING_TAG.fullmatch(tag)) and len(self._open_tags) < MAX_DEPTH:
            self._open_tags.append(tag)
            self._current_name = ""

    def handle_endtag(self, tag: str) -> None:
        """Close a tag with all unclosed tags inside it."""
        if tag not in self._open_tags:
            return
        while self._open_tags.pop() != tag:
            pass
        if tag in ("code", "td") and self.blocks and not self._is_in("pre"):
            self.blocks[-1].names.append(self._current_name.strip())

    def handle_data(self, data: str) -> None:
        """Add text to the open heading, name or block."""
        if self._open_tags and HEADING_TAG.fullmatch(self._open_tags[0]):
            level = int(self._open_tags[0][1])
            self._headings[level] = self._headings.get(level, "") + data
        elif self._is_in("code", "td"):
            self._current_name += data
        if self.blocks and self._is_in("li", "p") and not self._is_in("table", *IGNORED_TAGS):
            self.blocks[-1].text += data

    def _close_implied_tags(self, tag: str) -> None:
        """Close tags that end where this tag begins, because a page may omit end tags."""
        if HEADING_TAG.fullmatch(tag):
            self._open_tags.clear()
        elif tag == "li" and self._open_tags:
            positions = [
                index for index, name in enumerate(self._open_tags) if name in ("ul", "ol", "li")
            ]
            if positions and self._open_tags[positions[-1]] == "li":
                del self._open_tags[positions[-1] :]
        elif tag in BLOCK_TAGS and self._open_tags[-1:] == ["p"]:
            self._open_tags.pop()

    def _heading_text(self, level: int) -> str:
        return " ".join(self._headings[level].replace("¶", "").split())

    def _is_in(self, *tags: str) -> bool:
        return not set(tags).isdisjoint(self._open_tags)


def parse_release_notes(html: str, distribution: str, line: str) -> Iterator[ReleaseNote]:
    """Yield the notes of a page that matter for an upgrade, in order. Omit additions and fixes.

    Args:
        html: The page.
        distribution: The distribution of the release notes.
        line: The release line, such as ``3.0``. Notes of the overview get it as their release.
    """
    page = ReleaseNotesParser()
    page.feed(html)
    for blocks in _group_blocks(page.blocks):
        first = blocks[0]
        kind, heading = _classify_headings(first.headings[1:])
        release = next(filter(None, map(RELEASE_HEADING.match, first.headings[1:])), None)
        text = " ".join(" ".join(block.text for block in blocks).split())
        if not kind or not text or (release and not is_version(release[1])):
            continue
        names = (
            name for block in blocks for name in block.names if 0 < len(name) <= MAX_NAME_LENGTH
        )
        yield ReleaseNote(
            distribution,
            release[1] if release else line,
            kind,
            text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1].rstrip()}…",
            "" if release else heading,
            tuple(dict.fromkeys(names)),
            f"{page.canonical_url}#{first.anchor}"
            if page.canonical_url and first.anchor
            else page.canonical_url,
        )


def _group_blocks(blocks: list[Block]) -> Iterator[list[Block]]:
    """Yield the blocks of each note: one list item, or everything below a heading."""
    for _, group in groupby(blocks, key=lambda block: (block.headings, block.anchor)):
        members = list(group)
        if members[0].tag == "li":
            yield from ([block] for block in members)
        else:
            yield members


def _classify_headings(headings: tuple[str, ...]) -> tuple[str, str]:
    """Return the kind, and the innermost heading unless it only names the kind."""
    for position, heading in enumerate(headings):
        for beginning, kind in KIND_BY_HEADING.items():
            if heading.lower().startswith(beginning) and not (position and kind == "action"):
                return kind, headings[-1] if position + 1 < len(headings) else ""
    return "", ""
