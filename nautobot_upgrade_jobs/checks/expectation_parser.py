"""What an operator expects to find after an upgrade, by name: one line each.

"Visit the Jobs page and confirm that all are listed" becomes a check that way.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "app": "app nautobot_ssot 4.0.1",
    "migration": "migration nautobot_ssot.0011_auto",
    "job": "job nautobot_ssot.jobs.examples.ExampleDataSource",
    "panel": "panel Organization",
    "page": "page plugins:nautobot_ssot:dashboard",
}
"""Every kind of line, with an example."""


class ExpectationError(ValueError):
    """A line that says nothing we understand; the message quotes it and names the kinds."""


@dataclass(frozen=True)
class Expectation:
    """One thing that is to be there."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Expectations:
    """Everything that is to be there."""

    lines: tuple[Expectation, ...]


NO_EXPECTATIONS = Expectations(())


def parse_expectations(text: str) -> Expectations:
    """Read expectations, one a line; empty lines and those after ``#`` say nothing.

    Raises:
        ExpectationError: A line is not ``kind name``, or ``app`` without a version.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, name = line.partition("#")[0].strip().partition(" ")
        name = " ".join(name.split())
        if not kind:
            continue
        if kind not in KINDS or not name or (kind == "app" and len(name.split()) != 2):
            examples = "; ".join(KINDS.values())
            raise ExpectationError(
                f"Expectation, line {number}: {line.strip()[:80]!r} is not one of: {examples}."
            )
        found.append(Expectation(kind, name))
    return Expectations(tuple(found))
