"""What a comparison finds, before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass

RELEASE_NOTES = "https://docs.nautobot.com/projects/core/en/stable/release-notes/"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was."""

    section: str
    """``topic`` or ``topic.field``."""
    subject: str
    before: str | None
    """What it was; None if there was no such thing."""
    after: str | None
    story: str
    """The same in a sentence."""
    loses: bool = False
    """Rows, values or files that were there are gone."""

    @property
    def how(self) -> str:
        """``added``, ``gone`` or ``changed``."""
        if self.before is None:
            return "added"
        return "gone" if self.after is None else "changed"


@dataclass(frozen=True)
class NotComparable:
    """Something of which nobody can say whether it changed."""

    section: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Explanation:
    """Why a difference was to be expected."""

    reason: str
    reference: str = RELEASE_NOTES
