"""Reads the release notes for this installation: what it shows to touch it, and what not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..facts import Database, Facts, Settings
from ..facts.release_notes import ReleaseNote, ReleaseNotes
from .findings import CheckResult, Finding
from .text import VENDOR_DISPLAY_NAMES

KINDS = ("action", "breaking", "removed", "deprecated", "changed", "security", "dependencies")
"""What an operator reads first, comes first."""
WORD = re.compile(r"[\w./-]+")
DISTINCTIVE_NAME = re.compile(
    r"(?=.{6})(?=.*[A-Za-z])(?!.*\.py$)(\w+[_./]\w[\w./-]*|_\w+|[A-Z][a-z0-9]+[A-Z]\w+)"
)
"""Names that are no words of everyday: with an underscore, a dot, a slash, or a capital within."""
SETTING_NAME = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+")
CHECKS_LISTING_ALL_TABLES = frozenset({"preconditions.migration_cost"})
"""Checks that name each table that is worked on: that such a table exists, proves nothing."""
SETTING_MENTION = re.compile(r"\bsettings?\b|environment variable", re.IGNORECASE)


@dataclass(frozen=True)
class TriagedNote:
    """A note, and what is known of it here."""

    note: ReleaseNote
    findings: tuple[str, ...] = ()
    """Keys of findings that name the same."""
    not_applicable_reason: str = ""
    """Why it does not concern this installation; empty if nobody knows."""


def triage_release_notes(
    notes: ReleaseNotes, results: Iterable[CheckResult], facts: Facts
) -> tuple[TriagedNote, ...]:
    """Sort the notes: what touches this installation first, what does not concern it last.

    Args:
        notes: What the releases on the way say.
        results: What the checks have found.
        facts: What is known of the installation.
    """
    found = {
        result.key(finding): frozenset(_extract_names(finding))
        for result in results
        if result.check not in CHECKS_LISTING_ALL_TABLES
        for finding in result.findings
    }
    reviewed = []
    for note in notes.notes:
        names = {
            _last_segment(name) for name in note.identifiers if DISTINCTIVE_NAME.fullmatch(name)
        }
        keys = tuple(key for key, words in found.items() if names & words)
        reviewed.append(
            TriagedNote(note, keys, "" if keys else _not_applicable_reason(note, facts))
        )
    return tuple(sorted(reviewed, key=_sort_key))


def _sort_key(one: TriagedNote) -> tuple[bool, bool, int, bool]:
    note = one.note
    core = note.distribution == "nautobot"
    return not one.findings, bool(one.not_applicable_reason), KINDS.index(note.kind), not core


def _extract_names(finding: Finding) -> Iterator[str]:
    """Yield what a finding names, each by its last part: ``approval_required`` of a path."""
    for text in (finding.subject, finding.message, *finding.evidence, *finding.commands):
        for word in WORD.findall(text):
            name = word.strip("./-")
            if DISTINCTIVE_NAME.fullmatch(name):
                yield _last_segment(name)


def _last_segment(name: str) -> str:
    """Return the last part of a path, if that alone tells enough; else the path."""
    last = re.split(r"[./]", name.strip("./"))[-1]
    return last if DISTINCTIVE_NAME.fullmatch(last) else name


def _not_applicable_reason(note: ReleaseNote, facts: Facts) -> str:
    """Return why a note does not concern this installation, as far as the facts prove it."""
    names = {_strip_env_prefix(name) for name in note.identifiers}
    if (
        names
        and all(map(SETTING_NAME.fullmatch, names))
        and SETTING_MENTION.search(note.text)
        and note.kind in ("removed", "deprecated")
        and isinstance(facts.settings, Settings)
        and not _configured_names(facts.settings) & names
    ):
        return "none of these settings is set here"
    if isinstance(facts.database, Database):
        own = VENDOR_DISPLAY_NAMES.get(facts.database.vendor)
        named = {server for server in VENDOR_DISPLAY_NAMES.values() if server in note.text}
        if own and named and own not in named:
            return f"the database is {own}"
    return ""


def _configured_names(settings: Settings) -> set[str]:
    stored = settings.constance if isinstance(settings.constance, tuple) else ()
    names = {one.name for one in (*settings.values, *stored)}
    return names | set(map(_strip_env_prefix, settings.environment))


def _strip_env_prefix(name: str) -> str:
    return name.removeprefix("NAUTOBOT_")
