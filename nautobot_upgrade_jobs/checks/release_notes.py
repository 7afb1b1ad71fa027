"""Reads the release notes for this installation: what it shows to touch it, and what not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..facts import Database, Facts, Settings
from ..facts.notes import Note, Notes
from .findings import CheckResult, Finding
from .text import SERVERS

KINDS = ("action", "breaking", "removed", "deprecated", "changed", "security", "dependencies")
"""What an operator reads first, comes first."""
WORD = re.compile(r"[\w./-]+")
TELLING = re.compile(
    r"(?=.{6})(?=.*[A-Za-z])(?!.*\.py$)(\w+[_./]\w[\w./-]*|_\w+|[A-Z][a-z0-9]+[A-Z]\w+)"
)
"""Names that are no words of everyday: with an underscore, a dot, a slash, or a capital within."""
SETTING = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+")
NAMES_EVERYTHING = frozenset({"demands.window"})
"""Checks that name each table that is worked on: that such a table exists, proves nothing."""
SPEAKS_OF_SETTINGS = re.compile(r"\bsettings?\b|environment variable", re.IGNORECASE)


@dataclass(frozen=True)
class Reviewed:
    """A note, and what is known of it here."""

    note: Note
    findings: tuple[str, ...] = ()
    """Keys of findings that name the same."""
    not_here: str = ""
    """Why it does not concern this installation; empty if nobody knows."""


def review(notes: Notes, results: Iterable[CheckResult], facts: Facts) -> tuple[Reviewed, ...]:
    """Sort the notes: what touches this installation first, what does not concern it last.

    Args:
        notes: What the releases on the way say.
        results: What the checks have found.
        facts: What is known of the installation.
    """
    found = {
        result.key(finding): frozenset(_names_in(finding))
        for result in results
        if result.check not in NAMES_EVERYTHING
        for finding in result.findings
    }
    reviewed = []
    for note in notes.notes:
        names = {_last(name) for name in note.names if TELLING.fullmatch(name)}
        keys = tuple(key for key, words in found.items() if names & words)
        reviewed.append(Reviewed(note, keys, "" if keys else _not_here(note, facts)))
    return tuple(sorted(reviewed, key=_place))


def _place(one: Reviewed) -> tuple[bool, bool, int, bool]:
    note = one.note
    core = note.distribution == "nautobot"
    return not one.findings, bool(one.not_here), KINDS.index(note.kind), not core


def _names_in(finding: Finding) -> Iterator[str]:
    """Yield what a finding names, each by its last part: ``approval_required`` of a path."""
    for text in (finding.subject, finding.message, *finding.evidence, *finding.commands):
        for word in WORD.findall(text):
            name = word.strip("./-")
            if TELLING.fullmatch(name):
                yield _last(name)


def _last(name: str) -> str:
    """Return the last part of a path, if that alone tells enough; else the path."""
    last = re.split(r"[./]", name.strip("./"))[-1]
    return last if TELLING.fullmatch(last) else name


def _not_here(note: Note, facts: Facts) -> str:
    """Return why a note does not concern this installation, as far as the facts prove it."""
    names = {_as_setting(name) for name in note.names}
    if (
        names
        and all(map(SETTING.fullmatch, names))
        and SPEAKS_OF_SETTINGS.search(note.text)
        and note.kind in ("removed", "deprecated")
        and isinstance(facts.settings, Settings)
        and not _given(facts.settings) & names
    ):
        return "none of these settings is set here"
    if isinstance(facts.database, Database):
        own = SERVERS.get(facts.database.vendor)
        named = {server for server in SERVERS.values() if server in note.text}
        if own and named and own not in named:
            return f"the database is {own}"
    return ""


def _given(settings: Settings) -> set[str]:
    stored = settings.stored if isinstance(settings.stored, tuple) else ()
    names = {one.name for one in (*settings.values, *stored)}
    return names | set(map(_as_setting, settings.environment))


def _as_setting(name: str) -> str:
    return name.removeprefix("NAUTOBOT_")
