"""Refuse the words that CONTRIBUTING.md bans, in code, documentation, templates and data.

``python -m development.prose`` prints one line for each place and exits with 1 when it finds any.
The table below is the rule; a word in it has a plain replacement.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .venvs import REPOSITORY

BANNED = {
    r"nobody|somebody|whoever": "name the user, the process or the file",
    r"mend(?:s|ed|ing)?": "fix",
    r"told|tells?": "report, say or show; for people: inform",
    r"beside": "next to, as well as",
    r"ways? back": "rollback",
    r"stands? in": "is listed in, contains",
    r"at hand": "available",
    r"as it is": "unchanged",
    r"to come": "pending",
    r"of today": "current",
    r"liv(?:e|es|ed|ing) with": "accept",
    r"could not look|cannot look": "could not run",
    r"look(?:s|ed|ing)? at": "check, inspect, read",
    r"weigh(?:s|ed|ing)?": "evaluate",
    r"foret(?:ell|ells|old|elling)": "predict",
    r"anew": "again",
    r"whence|thereof|hereby|wherein": "plain words",
    r"lead(?:s|ing)? back": "rolls back",
    r"the road": "the upgrade path",
}
ENDINGS = {".py", ".md", ".html", ".toml", ".json", ".yml", ".yaml", ".css", ".js", ".txt"}
NAMES = {"Makefile"}
SKIPPED = (
    "development/prose.py",  # the table itself
    "tests/architecture/test_prose.py",
    "CONTRIBUTING.md",  # the rules quote the words
    "docs/dev/glossary.md",
    "LICENSE",
)
WORD = re.compile(
    "|".join(
        rf"(?P<w{number}>(?<![A-Za-z])(?:{word})(?![A-Za-z]))".replace(" ", r"\s+")
        for number, word in enumerate(BANNED)
    ),
    re.IGNORECASE,
)
GAP = re.compile(r"_|\n\s*(?:#\s*)?")
"""Separators between two words of a phrase: an underscore, or a line's end in a comment."""


class Place(NamedTuple):
    """One banned word."""

    path: Path
    line: int
    word: str
    instead: str


def places(path: Path, text: str) -> Iterator[Place]:
    """Yield the banned words of a text; a word may be broken over two lines or by underscores."""
    replacements = tuple(BANNED.values())
    flat = GAP.sub(lambda gap: " " * len(gap[0]), text)
    for found in WORD.finditer(flat):
        kind = int(str(found.lastgroup)[1:])
        line = text.count("\n", 0, found.start()) + 1
        yield Place(path, line, found[0], replacements[kind])


def files() -> Iterator[Path]:
    """Yield every file that is kept in the repository and holds text of ours."""
    roots = (
        "nautobot_upgrade_jobs",
        "docs",
        "jobs",
        "development",
        "benchmarks",
        "tests",
        ".github",
    )
    top = [path for path in REPOSITORY.iterdir() if path.is_file()]
    for path in (*top, *(one for root in roots for one in (REPOSITORY / root).rglob("*"))):
        name = path.relative_to(REPOSITORY).as_posix()
        known = path.suffix in ENDINGS or path.name in NAMES
        if path.is_file() and known and not name.startswith(SKIPPED):
            yield path


def main() -> int:
    """Print every place; 1 if there is any."""
    found = [place for path in sorted(files()) for place in places(path, path.read_text("utf-8"))]
    for place in found:
        name = place.path.relative_to(REPOSITORY)
        print(f"{name}:{place.line}: {place.word!r}: {place.instead}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
