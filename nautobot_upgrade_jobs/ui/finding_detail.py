"""One finding of a run, read from the JSON report. Unexpected content is ignored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..checks.findings import Phase
from ..checks.remediation import Command, CommandKind, When
from ..common.text import remove_code_marks
from ..report.formats.markdown import PHASE_TEXT
from ..report.remediation_text import TO_DO, CommandBlock, command_blocks
from .finding_history import Document, FindingHistory
from .plan import parse_text

MAX_LIST_ITEMS = 100
CURRENT_STATE = {"verify", "compare", "rollback"}
"""Kinds of reports that say nothing about a planned upgrade."""


@dataclass(frozen=True)
class FindingDetail:
    """A finding with everything that the report says about it."""

    entry: FindingHistory
    check: str
    expected: str
    """What the check expects, as a sentence."""
    why: str
    fails_at: str
    """The step of the upgrade at which the problem occurs. Empty if no upgrade is planned."""
    impact: str
    when: str
    """The time of the fix, such as ``To do now``."""
    remediation: str
    commands: tuple[CommandBlock, ...]
    evidence: tuple[str, ...]
    references: tuple[str, ...]
    """URLs of documentation."""


def describe_finding(document: Document, entry: FindingHistory) -> FindingDetail:
    """Return what a JSON report says about one of its findings."""
    record = entry.record
    check = parse_text(record.get("check"))
    described = _find_check(document, check)
    is_planned = str(document.get("kind")) not in CURRENT_STATE
    return FindingDetail(
        entry=entry,
        check=check,
        expected=remove_code_marks(parse_text(described.get("title"))),
        why=remove_code_marks(parse_text(described.get("why"))),
        fails_at=_look_up(PHASE_TEXT, Phase, record.get("phase")) if is_planned else "",
        impact=parse_text(record.get("impact")).replace("_", " "),
        when=_look_up(TO_DO, When, record.get("when")),
        remediation=remove_code_marks(parse_text(record.get("remediation"))),
        commands=tuple(command_blocks(tuple(_parse_commands(record.get("commands"))))),
        evidence=tuple(_parse_texts(record.get("evidence"))),
        references=tuple(
            url for url in _parse_texts(record.get("references")) if url.startswith("https://")
        ),
    )


def _find_check(document: Document, check: str) -> Document:
    checks = document.get("checks")
    entries = checks if isinstance(checks, list) else []
    found = (one for one in entries if isinstance(one, dict) and one.get("check") == check)
    return next(found, {})


def _look_up(texts: Any, kind: Any, value: Any) -> str:
    """Return the text for a value of an enumeration. Empty if the value is unknown."""
    return texts[kind(value)] if value in [each.value for each in kind] else ""


def _parse_commands(value: Any) -> Iterator[Command]:
    kinds = {kind.value: kind for kind in CommandKind}
    for one in value[:MAX_LIST_ITEMS] if isinstance(value, list) else ():
        if isinstance(one, dict) and isinstance(one.get("kind"), str) and one["kind"] in kinds:
            yield Command(kinds[one["kind"]], parse_text(one.get("text")))


def _parse_texts(value: Any) -> Iterator[str]:
    for one in value[:MAX_LIST_ITEMS] if isinstance(value, list) else ():
        if isinstance(one, str):
            yield parse_text(one)
