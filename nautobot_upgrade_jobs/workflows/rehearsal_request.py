"""What an operator asks of a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass

from .context import RunRequest


@dataclass(frozen=True)
class RehearsalRequest:
    """What to rehearse, and how."""

    run: RunRequest
    backup: str = ""
    """An archive of pg_dump to restore as the copy. Empty to copy the live database."""
    directory: str = ""
    """Parent of the folder of the copy. Empty for a folder for temporary files on a disk."""
    window_seconds: float | None = None
    """The maintenance window, with which the measured time is compared."""
    rehearses_rollback: bool = True
    seconds: float = 4 * 3600
    """The rehearsal ends after this time, and reports what it has reached."""
    workers: int = 2
    """The number of tables to copy at the same time."""
