"""Parse what an operator expects after an upgrade: one line for each App, Job, panel or page.

The check ``expectations.unmet`` reports what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..facts.ui_registry import APP_NAMESPACES

KINDS = {
    "app": "app nautobot_ssot 4.0.1",
    "migration": "migration nautobot_ssot.0011_auto",
    "job": "job nautobot_ssot.jobs.examples.ExampleDataSource",
    "grouping": "grouping Contracts",
    "panel": "panel Organization",
    "page": "page plugins:nautobot_ssot:dashboard",
}
"""An example of every kind of line."""


class ExpectationError(ValueError):
    """A line is invalid. The message quotes it and gives an example of every kind."""


@dataclass(frozen=True)
class Expectation:
    """One thing that must be present."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Expectations:
    """The objects that must exist after the upgrade, as the operator has listed them."""

    lines: tuple[Expectation, ...]


NO_EXPECTATIONS = Expectations(())


def parse_expectations(text: str) -> Expectations:
    """Parse expectations, one a line. Empty lines and comments after ``#`` are ignored.

    Raises:
        ExpectationError: A line is not ``kind name``, or ``app`` without a version.
    """
    expectations = []
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
        if kind == "page" and not name.startswith(APP_NAMESPACES):
            raise ExpectationError(
                f"Expectation, line {number}: {name[:80]!r} is not a page of an App. The name of "
                f"such a page begins with {' or '.join(APP_NAMESPACES)}."
            )
        if kind == "app" and name.split()[0] == "nautobot":
            raise ExpectationError(
                f"Expectation, line {number}: Nautobot itself is not an App. Verify Migrations "
                "always checks the installed release."
            )
        expectations.append(Expectation(kind, name))
    return Expectations(tuple(expectations))
