"""Release notes of the releases up to the target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseNote:
    """One entry of release notes."""

    distribution: str
    release: str
    """The first release with the change. For a note about a line: its first release, ``3.0``."""
    kind: str
    """``action``, ``breaking``, ``removed``, ``deprecated``, ``changed``, ``security`` or
    ``dependencies``."""
    text: str
    heading: str = ""
    """The heading above the entry, if it says more than the kind."""
    identifiers: tuple[str, ...] = ()
    """Text in code font: fields, settings, commands, modules."""
    link: str = ""


@dataclass(frozen=True)
class ReleaseNotes:
    """Notes of all releases that are newer than the installed releases, up to the target's."""

    notes: tuple[ReleaseNote, ...] = ()
    distributions_without_notes: tuple[str, ...] = ()
    """Distributions that change and contain no release notes."""
