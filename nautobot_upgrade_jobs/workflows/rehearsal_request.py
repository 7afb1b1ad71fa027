"""What an operator asks of a rehearsal."""

from __future__ import annotations

from dataclasses import dataclass

from ..app_settings import Configuration
from ..common.errors import UsageError
from ..rehearsal.copy_server import ServerOptions
from ..target.bare_database import read_database_url
from .context import RunRequest


@dataclass(frozen=True)
class RehearsalRequest:
    """What to rehearse, and how."""

    run: RunRequest
    backup: str = ""
    """A backup to restore as the copy. Empty to copy the live database."""
    server: str = ""
    """URL of a server for the copy, with a database to log in to. Empty for that of the settings.
    """
    copy: str = ""
    """URL of a copy that the operator has made and marked. Empty to make one."""
    directory: str = ""
    """Parent of the folder of the copy. Empty for a folder for temporary files on a disk."""
    window_seconds: float | None = None
    """The maintenance window, with which the measured time is compared."""
    rehearses_rollback: bool = True
    seconds: float = 4 * 3600
    """The rehearsal ends after this time, and reports what it has reached."""
    workers: int = 2
    """The number of tables to copy at the same time."""


def build_server_options(request: RehearsalRequest, config: Configuration) -> ServerOptions:
    """Return which server the copy of a rehearsal is on.

    Args:
        request: The request of the operator.
        config: The settings of the App.

    Raises:
        UsageError: A URL is invalid, or the options contradict each other.
    """
    if request.copy and (request.backup or request.server):
        raise UsageError("--copy: name neither a backup nor a server for a copy that exists.")
    wheels = request.run.wheel_directory or config.wheel_directory
    options = ServerOptions(wheels, config.mysql_programs)
    if request.copy:
        return options._replace(existing=read_database_url(request.copy, "--copy"))
    if request.server:
        return options._replace(named=read_database_url(request.server, "--server"))
    if config.rehearsal_server:
        return options._replace(
            named=read_database_url(config.rehearsal_server, "'rehearsal_server'")
        )
    return options
