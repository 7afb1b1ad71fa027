"""Sort release notes by whether they concern this installation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..facts import Database, Facts, Settings
from ..facts.release_notes import ReleaseNote, ReleaseNotes
from .findings import CheckResult, Finding
from .text import VENDOR_DISPLAY_NAMES

KINDS = ("action", "breaking", "removed", "deprecated", "changed", "security", "dependencies")
"""Kinds of notes, the most urgent first."""
WORD = re.compile(r"[\w./-]+")
DISTINCTIVE_NAME = re.compile(
    r"(?=.{6})(?=.*[A-Za-z])(?!.*\.py$)(\w+[_./]\w[\w./-]*|_\w+|[A-Z][a-z0-9]+[A-Z]\w+)"
)
"""Names that are not ordinary words: they contain an underscore, dot, slash or inner capital."""
SETTING_NAME = re.compile(r"(?<![A-Z0-9])[A-Z][A-Z0-9]+(_[A-Z0-9]+)+")
CHECKS_LISTING_ALL_TABLES = frozenset({"preconditions.migration_cost"})
"""Checks that list every migrated table, so that a match with a note proves nothing."""
SETTING_MENTION = re.compile(r"\bsettings?\b|environment variable", re.IGNORECASE)


@dataclass(frozen=True)
class TriagedNote:
    """A release note and its relevance to this installation."""

    note: ReleaseNote
    findings: tuple[str, ...] = ()
    """Keys of findings that mention the same name."""
    not_applicable_reason: str = ""
    """Why the note does not concern this installation. Empty if it may."""


def triage_release_notes(
    notes: ReleaseNotes, results: Iterable[CheckResult], facts: Facts
) -> tuple[TriagedNote, ...]:
    """Return the notes that concern this installation first, and those that do not last.

    Args:
        notes: The notes of the releases on the upgrade path.
        results: The results of the checks.
        facts: The facts of the installation.
    """
    names_of_findings = {
        result.key(finding): frozenset(_extract_names(finding))
        for result in results
        if result.check not in CHECKS_LISTING_ALL_TABLES
        for finding in result.findings
    }
    triaged = []
    for note in notes.notes:
        names = {
            _last_segment(name) for name in note.identifiers if DISTINCTIVE_NAME.fullmatch(name)
        }
        keys = tuple(key for key, mentioned in names_of_findings.items() if names & mentioned)
        triaged.append(TriagedNote(note, keys, "" if keys else _not_applicable_reason(note, facts)))
    return tuple(sorted(triaged, key=_sort_key))


def _sort_key(triaged: TriagedNote) -> tuple[bool, bool, int, bool]:
    note = triaged.note
    return (
        not triaged.findings,
        bool(triaged.not_applicable_reason),
        KINDS.index(note.kind),
        note.distribution != "nautobot",
    )


def _extract_names(finding: Finding) -> Iterator[str]:
    """Yield the distinctive names in a finding, each without its path: ``approval_required``."""
    commands = (command.text for command in finding.commands)
    for text in (finding.subject, *finding.evidence, *finding.names, *commands):
        for word in WORD.findall(text):
            name = word.strip("./-")
            if DISTINCTIVE_NAME.fullmatch(name):
                yield _last_segment(name)


def _last_segment(name: str) -> str:
    """Return the last part of a path if it is distinctive, otherwise the whole path."""
    last = re.split(r"[./]", name.strip("./"))[-1]
    return last if DISTINCTIVE_NAME.fullmatch(last) else name


def _not_applicable_reason(note: ReleaseNote, facts: Facts) -> str:
    """Return why a note does not concern this installation, if the facts prove it."""
    names = {_strip_env_prefix(name) for name in note.identifiers}
    if (
        names
        and all(map(SETTING_NAME.fullmatch, names))
        and SETTING_MENTION.search(note.text)
        and note.kind in ("removed", "deprecated")
        and isinstance(facts.settings, Settings)
        and not _configured_names(facts.settings) & names
    ):
        return "none of these settings is set"
    if isinstance(facts.database, Database):
        server = VENDOR_DISPLAY_NAMES.get(facts.database.vendor)
        mentioned = {name for name in VENDOR_DISPLAY_NAMES.values() if name in note.text}
        if server and mentioned and server not in mentioned:
            return f"the database is {server}"
    return ""


def _configured_names(settings: Settings) -> set[str]:
    stored = settings.constance if isinstance(settings.constance, tuple) else ()
    names = {setting.name for setting in (*settings.values, *stored)}
    return names | set(map(_strip_env_prefix, settings.environment))


def _strip_env_prefix(name: str) -> str:
    return name.removeprefix("NAUTOBOT_")
