"""The files of a run: in the order in which they are used, each with its purpose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
SCRIPT = "The same steps as a script. It verifies each step, and stops at a failure"
PURPOSES = (
    (
        r"(preflight|verify|compare|rollback|rehearse)-.*\.html",
        "The report, with everything that was found",
    ),
    (r"upgrade-plan\.md", "The steps of the maintenance window, to read or to print"),
    (r"upgrade\.sh", SCRIPT),
    (r"constraints\.txt", "The pinned packages of the target, for pip"),
    (r"rollback-.*-steps\.md", "The steps of the rollback, to read or to print"),
    (r"rollback-.*\.sh", SCRIPT),
    (r"rollback-requirements(-without-hashes)?\.txt", "The packages before the upgrade, for pip"),
    (r"snapshot-.*\.json\.gz", "The snapshot. Keep a copy outside of the database"),
    (r"rehearsal-.*\.json\.gz", "What a later Preflight reads of this rehearsal"),
    (r".*\.summary\.txt", "The short form, for a mail, a ticket or a chat"),
    (r".*\.csv", "The findings as a table"),
    (r".*\.md", "The report as Markdown"),
    (r".*\.json", "The report for programs"),
    (r".*\.html", "A report"),
)
"""Patterns of names with the purpose of the file, in the order of use."""


def describe_file(name: str) -> str:
    """Return the purpose of a file. Empty if it is unknown."""
    position = _find_position(name)
    return PURPOSES[position][1] if position < len(PURPOSES) else ""


def is_plan(name: str) -> bool:
    """Return whether a file has the steps of an upgrade or a rollback."""
    return name == "upgrade-plan.md" or name.endswith("-steps.md")


def sort_files(files: Iterable[T], name_of: Callable[[T], str]) -> list[T]:
    """Return the files in the order in which an operator uses them."""
    return sorted(files, key=lambda file: (_find_position(name_of(file)), name_of(file)))


def _find_position(name: str) -> int:
    matching = (
        number for number, (pattern, _) in enumerate(PURPOSES) if re.fullmatch(pattern, name)
    )
    return next(matching, len(PURPOSES))
