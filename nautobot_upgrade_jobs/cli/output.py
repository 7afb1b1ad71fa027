"""Write to the terminal. All commands write through this module."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from ..common.text import escape_nonprintable


class Stream(Protocol):
    """What Django's and Python's output streams have in common."""

    def write(self, text: str, /) -> object:
        """Write text."""


class PrintError(Exception):
    """The standard output takes no text. The message gives the reason."""


COLORS = {"BLOCKER": 31, "warning": 33, "ok": 32, "info": 34, "!!": 1}
"""Codes of the marks at the start of a line."""
MARK = re.compile(r"^( {0,8})(BLOCKER|warning|ok|info|!!)(?=  )", re.MULTILINE)


def wants_color(stream: object) -> bool:
    """Return whether a stream is a terminal with colors. The variable NO_COLOR prevents them."""
    is_terminal = getattr(stream, "isatty", lambda: False)()
    forbidden = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return bool(is_terminal and not forbidden)


def colorize(text: str) -> str:
    """Return a report for a terminal with colored marks."""
    return MARK.sub(lambda mark: f"{mark[1]}\x1b[{COLORS[mark[2]]}m{mark[2]}\x1b[0m", text)


def write_report_text(text: str) -> None:
    """Write a report in one of the formats. They have escaped what the report quotes.

    A reader that ends early, such as ``head``, is no error.

    Raises:
        PrintError: The standard output is closed, or is a file on a full disk.
    """
    if sys.stdout is None:
        raise PrintError("it is closed")
    if hasattr(sys.stdout, "reconfigure"):  # for terminals limited to ASCII
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _discard_output()
        if not isinstance(error, BrokenPipeError):
            raise PrintError(str(error)) from None


def write_line(text: str, stream: Stream | None = None) -> None:
    """Write one line. It can quote a file, so it is written without control sequences.

    A command continues without the line if the stream takes no text.

    Args:
        text: The line.
        stream: Default: the standard error.
    """
    with contextlib.suppress(OSError, AttributeError):  # A closed stream is None.
        (stream or sys.stderr).write(f"{escape_nonprintable(text)}\n")


def write_removed(names: Iterable[Path | str]) -> None:
    """Write which folders and databases were removed."""
    lines = [f"Removed {name}" for name in names] or ["Nothing was left."]
    for line in lines:
        write_line(line, sys.stdout)


def _discard_output() -> None:
    """Send what is still buffered nowhere. Python would fail at its end otherwise."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
