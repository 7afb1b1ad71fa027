"""Parse the release notes and the upgrade page in the format of Nautobot and its Apps.

A page of release notes starts with an overview of the line under headings such as "Upgrade
Actions". Each release follows with a heading, such as ``v3.0.11 (2026-04-08)``, and a list for each
kind of note. An upgrade page has a section for each release that requires steps.
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
RELEASE_HEADING = re.compile(r"(?<![\w.-])\[?v?(\d+\.\d[\w.-]*)\]?(?:\s|$)")
UPGRADE_HEADING = re.compile(r"(?:^|\bto\s+(?!Nautobot\b)(?:\w+\s+)?)v?(\d+(?:\.\d+)+)(?:\s|$)")
"""Heading on the upgrade page of an App. A release of Nautobot itself does not match."""
ADMONITIONS = frozenset({"warning", "danger", "caution", "attention", "important", "note"})
"""Classes of the boxes that ask the reader to act. A tip or an example does not."""
HTTPS_URL = re.compile(r"https://[^\s<>\"']+")
ANCHOR = re.compile(r"[\w.-]+")
HEADING_TAG = re.compile("h[1-6]")
BLOCK_TAGS = ("li", "p", "table")
TITLE = "title"
"""Tag of the block that has the title of a warning or note, such as "Note"."""
IGNORED_TAGS = ("script", "style", "pre")
TRACKED_TAGS = frozenset({*BLOCK_TAGS, *IGNORED_TAGS, "ul", "ol", "code", "td"})
MAX_DEPTH = 30
"""Maximum number of nested tags. Pages written by people have fewer."""
MAX_TEXT_LENGTH = 400
"""Maximum number of characters of a note."""
MAX_NAME_LENGTH = 80
"""Maximum number of characters of a name. A longer name is program code."""
MAX_HEADING_LENGTH, MAX_BLOCK_LENGTH = 300, 20_000
"""Maximum number of characters with spaces. The rest is ignored, so no block takes long."""


@dataclass
class Block:
    """A paragraph, a table, or a list item with its contents."""

    tag: str
    headings: tuple[str, ...]
    """Headings above the block, outermost first."""
    anchor: str
    admonition: int = 0
    """Number of the warning or note on the page that contains the block; 0 if none does."""
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
        self._admonitions = 0
        self._admonition_depth = 0
        """Number of open ``div`` tags, counted from the one that starts a warning or note."""
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
        classes = frozenset((attributes.get("class") or "").split())
        self._open_admonition(tag, classes)
        if tag in BLOCK_TAGS and self._headings and not self._is_in(*BLOCK_TAGS):
            self._open_block(TITLE if "admonition-title" in classes else tag)
        if HEADING_TAG.fullmatch(tag):
            self._open_heading(int(tag[1]), attributes.get("id") or "")
        if (tag in TRACKED_TAGS or HEADING_TAG.fullmatch(tag)) and len(self._open_tags) < MAX_DEPTH:
            self._open_tags.append(tag)
            self._current_name = ""

    def handle_endtag(self, tag: str) -> None:
        """Close a tag with all unclosed tags inside it."""
        if tag == "div" and self._admonition_depth:
            self._admonition_depth -= 1
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
            heading = self._headings.get(level, "")
            self._headings[level] = _extend(heading, data, MAX_HEADING_LENGTH)
        elif self._is_in("code", "td"):
            self._current_name = _extend(self._current_name, data, MAX_BLOCK_LENGTH)
        if self.blocks and self._is_in("li", "p") and not self._is_in("table", *IGNORED_TAGS):
            self.blocks[-1].text = _extend(self.blocks[-1].text, data, MAX_BLOCK_LENGTH)

    def _open_admonition(self, tag: str, classes: frozenset[str]) -> None:
        """Enter a warning or a note, or a ``div`` inside it."""
        is_start = "admonition" in classes and not classes.isdisjoint(ADMONITIONS)
        if tag == "div" and (self._admonition_depth or is_start):
            self._admonitions += not self._admonition_depth
            self._admonition_depth += 1

    def _open_block(self, tag: str) -> None:
        headings = tuple(self._heading_text(level) for level in sorted(self._headings))
        number = self._admonitions if self._admonition_depth else 0
        self.blocks.append(Block(tag, headings, self._anchor, number))

    def _open_heading(self, level: int, anchor: str) -> None:
        self._admonition_depth = 0
        self._anchor = anchor if ANCHOR.fullmatch(anchor) else ""
        for deeper in range(level, 7):
            self._headings.pop(deeper, None)

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


def _extend(text: str, addition: str, max_length: int) -> str:
    return text + addition[: max(0, max_length - len(text))]


def parse_release_notes(html: str, distribution: str, line: str) -> Iterator[ReleaseNote]:
    """Yield the notes of a page that matter for an upgrade, in order.

    Additions and fixes are omitted. A warning or a note is an action, whatever its heading.

    Args:
        html: The page.
        distribution: The distribution of the release notes.
        line: The release line, such as ``3.0``. Notes of the overview get it as their release.
    """
    page = _parse_page(html)
    for blocks in _group_blocks(page.blocks):
        headings = blocks[0].headings[1:]
        kind, heading = _classify_headings(headings)
        release = next(filter(None, map(RELEASE_HEADING.match, headings)), None)
        if not kind and blocks[0].admonition:
            kind = "action"
        if kind and (not release or is_version(release[1])):
            yield from _build_note(
                page,
                blocks,
                distribution,
                release[1] if release else line,
                kind,
                "" if release else heading,
            )


def parse_upgrade_page(html: str, distribution: str) -> Iterator[ReleaseNote]:
    """Yield the steps that the upgrade page of an App requires for a release, in order.

    Args:
        html: The page.
        distribution: The distribution of the App.
    """
    page = _parse_page(html)
    for blocks in _group_blocks(page.blocks, keep_lists=True):
        headings = blocks[0].headings[1:]
        release = next(filter(None, map(UPGRADE_HEADING.search, headings)), None)
        if release and is_version(release[1]):
            yield from _build_note(page, blocks, distribution, release[1], "action", headings[-1])


def _parse_page(html: str) -> ReleaseNotesParser:
    page = ReleaseNotesParser()
    page.feed(html)
    return page


def _build_note(  # noqa: PLR0913 - the parts of one note
    page: ReleaseNotesParser,
    blocks: list[Block],
    distribution: str,
    release: str,
    kind: str,
    heading: str,
) -> Iterator[ReleaseNote]:
    """Yield the note that the blocks contain, if they contain text."""
    text = " ".join(" ".join(block.text for block in blocks).split())
    if not text:
        return
    names = (name for block in blocks for name in block.names if 0 < len(name) <= MAX_NAME_LENGTH)
    anchor = blocks[0].anchor
    yield ReleaseNote(
        distribution,
        release,
        kind,
        text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1].rstrip()}…",
        heading,
        tuple(dict.fromkeys(names)),
        f"{page.canonical_url}#{anchor}" if page.canonical_url and anchor else page.canonical_url,
    )


def _group_blocks(blocks: list[Block], *, keep_lists: bool = False) -> Iterator[list[Block]]:
    """Yield the blocks of each note: a list item, a warning, or everything else below a heading."""
    texts = (block for block in blocks if block.tag != TITLE)
    for _, group in groupby(texts, key=lambda each: (each.headings, each.anchor, each.admonition)):
        members = list(group)
        if members[0].tag == "li" and not keep_lists and not members[0].admonition:
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
