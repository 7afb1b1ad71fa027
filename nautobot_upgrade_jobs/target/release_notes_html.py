"""Reads one page of release notes, as the documentation of Nautobot and its Apps is built.

An overview of the line comes first, under headings such as "Upgrade Actions"; then each release has
a heading, ``v3.0.11 (2026-04-08)``, with lists by kind below it.
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
"""Beginnings of headings."""
RELEASE_HEADING = re.compile(r"\[?v?(\d+(?:\.\d+)+[\w.-]*)\]?(?:\s|$)")
HTTPS_URL = re.compile(r"https://[^\s<>\"']+")
ANCHOR = re.compile(r"[\w.-]+")
HEADING_TAG = re.compile("h[1-6]")
BLOCK_TAGS = ("li", "p", "table")
IGNORED_TAGS = ("script", "style", "pre")
TRACKED_TAGS = frozenset({*BLOCK_TAGS, *IGNORED_TAGS, "ul", "ol", "code", "td"})
MAX_DEPTH = 30
"""Tags within each other; a page that goes deeper is none of a person's."""
MAX_TEXT_LENGTH = 400
"""Characters of a text."""
MAX_NAME_LENGTH = 80
"""Characters; what is longer is a program."""


@dataclass
class Block:
    """A paragraph, a table, or an item of a list with all that is below it."""

    tag: str
    headings: tuple[str, ...]
    """From the outermost."""
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
        """What is open of the tags that matter."""
        self._current_name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, or a heading that ends those below it."""
        given = dict(attrs)
        if tag == "link" and given.get("rel") == "canonical":
            address = given.get("href") or ""
            self.canonical_url = address if HTTPS_URL.fullmatch(address) else ""
        self._close_implied_tags(tag)
        if tag in BLOCK_TAGS and self._headings and not self._is_in(*BLOCK_TAGS):
            headings = tuple(self._heading_text(level) for level in sorted(self._headings))
            self.blocks.append(Block(tag, headings, self._anchor))
        if HEADING_TAG.fullmatch(tag):
            anchor = given.get("id") or ""
            self._anchor = anchor if ANCHOR.fullmatch(anchor) else ""
            for level in range(int(tag[1]), 7):
                self._headings.pop(level, None)
        if (tag in TRACKED_TAGS or HEADING_TAG.fullmatch(tag)) and len(self._open_tags) < MAX_DEPTH:
            self._open_tags.append(tag)
            self._current_name = ""

    def handle_endtag(self, tag: str) -> None:
        """Close what is open, with all in it that nobody closed."""
        if tag not in self._open_tags:
            return
        while self._open_tags.pop() != tag:
            pass
        if tag in ("code", "td") and self.blocks and not self._is_in("pre"):
            self.blocks[-1].names.append(self._current_name.strip())

    def handle_data(self, data: str) -> None:
        """Keep a text where it belongs."""
        if self._open_tags and HEADING_TAG.fullmatch(self._open_tags[0]):
            level = int(self._open_tags[0][1])
            self._headings[level] = self._headings.get(level, "") + data
        elif self._is_in("code", "td"):
            self._current_name += data
        if self.blocks and self._is_in("li", "p") and not self._is_in("table", *IGNORED_TAGS):
            self.blocks[-1].text += data

    def _close_implied_tags(self, tag: str) -> None:
        """Close what ends where a tag begins, as browsers do: many pages leave it open."""
        if HEADING_TAG.fullmatch(tag):
            self._open_tags.clear()
        elif tag == "li" and self._open_tags:
            lists = [
                place for place, one in enumerate(self._open_tags) if one in ("ul", "ol", "li")
            ]
            if lists and self._open_tags[lists[-1]] == "li":
                del self._open_tags[lists[-1] :]
        elif tag in BLOCK_TAGS and self._open_tags[-1:] == ["p"]:
            self._open_tags.pop()

    def _heading_text(self, level: int) -> str:
        return " ".join(self._headings[level].replace("¶", "").split())

    def _is_in(self, *tags: str) -> bool:
        return not set(tags).isdisjoint(self._open_tags)


def parse_release_notes(html: str, distribution: str, line: str) -> Iterator[ReleaseNote]:
    """Yield what a page tells an operator, in its order; what was added or mended is left out.

    Args:
        html: The page.
        distribution: Whose release notes it has.
        line: Whose they are, such as ``3.0``: the release of the overview.
    """
    page = ReleaseNotesParser()
    page.feed(html)
    for blocks in _group_blocks(page.blocks):
        first = blocks[0]
        kind, heading = _classify_headings(first.headings[1:])
        release = next(filter(None, map(RELEASE_HEADING.match, first.headings[1:])), None)
        text = " ".join(" ".join(one.text for one in blocks).split())
        if not kind or not text or (release and not is_version(release[1])):
            continue
        names = (name for one in blocks for name in one.names if 0 < len(name) <= MAX_NAME_LENGTH)
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
    """Yield what is one note: an item of a list, or all that follows a paragraph's heading."""
    for _, group in groupby(blocks, key=lambda one: (one.headings, one.anchor)):
        found = list(group)
        if found[0].tag == "li":
            yield from ([one] for one in found)
        else:
            yield found


def _classify_headings(headings: tuple[str, ...]) -> tuple[str, str]:
    """Return the kind, and the innermost heading unless it says just that."""
    for position, heading in enumerate(headings):
        for beginning, kind in KIND_BY_HEADING.items():
            if heading.lower().startswith(beginning) and not (position and kind == "action"):
                return kind, headings[-1] if position + 1 < len(headings) else ""
    return "", ""
