"""What users have made inside Nautobot, and whether the code that looks at it understands it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CustomizationProblem:
    """Something user-made that this code cannot use as it is."""

    kind: str
    """Such as ``GraphQL query``."""
    name: str
    page: str
    """Path of its page in the web UI, or of its file."""
    reason: str
    hint: str = field(default="", compare=False)
    """What may be meant; releases differ in it, and the problem is the same."""

    @property
    def subject(self) -> str:
        """A name for it among all."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Customizations:
    """Queries, templates, filters, constraints, views, files of Jobs, schedules: never run."""

    inspected: dict[str, int] = field(default_factory=dict)
    """Kind to how many there are."""
    problems: tuple[CustomizationProblem, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict)
    """Kind to why it could not be looked at."""
