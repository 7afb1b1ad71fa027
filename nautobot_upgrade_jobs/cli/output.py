"""Write to the terminal. All commands write through this module."""

from __future__ import annotations

import sys
from typing import Protocol

from ..common.text import escape_nonprintable


class Stream(Protocol):
    """What Django's and Python's output streams have in common."""

    def write(self, text: str, /) -> object:
        """Write text."""


def write_report_text(text: str) -> None:
    """Write a report in one of the formats. They have escaped what the report quotes."""
    if hasattr(sys.stdout, "reconfigure"):  # for terminals limited to ASCII
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(text)


def write_line(text: str, stream: Stream | None = None) -> None:
    """Write one line. It can quote a file, so it is written without control sequences.

    Args:
        text: The line.
        stream: Default: the standard error.
    """
    (stream or sys.stderr).write(f"{escape_nonprintable(text)}\n")
