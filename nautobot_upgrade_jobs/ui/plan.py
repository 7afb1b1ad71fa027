"""The steps of a plan, read from the JSON report of a run. Unexpected content is ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..common.text import escape_invisible, remove_code_marks

MAX_STEPS = 100
MAX_COMMANDS = 100
MAX_TEXT_LENGTH = 10_000


@dataclass(frozen=True)
class PlanStep:
    """One step of the maintenance window."""

    title: str
    why: str
    commands: tuple[str, ...]
    verify: str
    expected: str
    irreversible: bool


def parse_steps(document: Any) -> tuple[PlanStep, ...]:
    """Return the steps of a JSON report. Empty if it has none."""
    entries = document.get("steps") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(_parse_step(one) for one in entries[:MAX_STEPS] if isinstance(one, dict))


def parse_shell_setup(document: Any) -> tuple[str, ...]:
    """Return the commands that each shell needs first. Empty if the JSON report has none."""
    lines = document.get("shell_setup") if isinstance(document, dict) else None
    return tuple(map(parse_text, lines[:MAX_COMMANDS])) if isinstance(lines, list) else ()


def _parse_step(entry: dict[str, Any]) -> PlanStep:
    commands = entry.get("commands")
    lines = commands[:MAX_COMMANDS] if isinstance(commands, list) else []
    return PlanStep(
        parse_text(entry.get("title")),
        remove_code_marks(parse_text(entry.get("why"))),
        tuple(parse_text(line) for line in lines if isinstance(line, str)),
        parse_text(entry.get("verify")),
        remove_code_marks(parse_text(entry.get("expected"))),
        entry.get("irreversible") is True,
    )


def parse_text(value: Any) -> str:
    """Return a text of a JSON report without invisible characters. Empty if it is no text."""
    return escape_invisible(value[:MAX_TEXT_LENGTH]) if isinstance(value, str) else ""
