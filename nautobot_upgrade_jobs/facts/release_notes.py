"""What the release notes on the way to the target say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseNote:
    """One thing that release notes tell an operator."""

    distribution: str
    release: str
    """The first that has it; for what holds for a whole line, its first release: ``3.0``."""
    kind: str
    """``action``, ``breaking``, ``removed``, ``deprecated``, ``changed``, ``security`` or
    ``dependencies``."""
    text: str
    heading: str = ""
    """What it stands under, where that is more than the kind."""
    identifiers: tuple[str, ...] = ()
    """What it sets in the type of code: fields, settings, commands, modules."""
    link: str = ""


@dataclass(frozen=True)
class ReleaseNotes:
    """The notes of all releases after the installed ones, up to those of the target."""

    notes: tuple[ReleaseNote, ...] = ()
    distributions_without_notes: tuple[str, ...] = ()
    """Distributions that change, and ship no release notes."""
