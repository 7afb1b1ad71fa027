"""Show what a run does: one line that changes on a terminal, and plain lines elsewhere."""

from __future__ import annotations

import time

from ..common.text import escape_nonprintable
from .output import Stream, write_line

CLEAR_LINE = "\r\x1b[K"


class ProgressLine:
    """The progress of a run on the standard error. Use it as a context."""

    def __init__(self, stream: Stream, *, is_terminal: bool) -> None:
        self._stream, self._is_terminal = stream, is_terminal
        self._started = time.monotonic()
        self._stage = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove the line, before something else is written to the terminal."""
        self._write(CLEAR_LINE)

    def __call__(self, activity: str) -> None:
        """Show what the run does next, such as ``Stage 1 of 3, facts: packages``.

        Without a terminal, only a change of the part before the colon is written.
        """
        stage = activity.partition(":")[0]
        if self._is_terminal:
            elapsed = time.monotonic() - self._started
            self._write(f"{CLEAR_LINE}{elapsed:.0f} s  {escape_nonprintable(activity)} …")
        elif stage != self._stage and ":" in activity:
            write_line(f"{stage} …", self._stream)
        self._stage = stage

    def _write(self, text: str) -> None:
        if self._is_terminal:
            self._stream.write(text)
            flush = getattr(self._stream, "flush", None)
            if flush:
                flush()
