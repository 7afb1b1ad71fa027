"""The backup that an operator names on the command line or in a form."""

from __future__ import annotations

from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from ..app_settings import read_configuration
from ..common.errors import ConfigurationError, UsageError
from ..facts.backup_record import GivenBackup
from ..rollback.backup_file import UnreadableBackupError
from ..rollback.given_backup import read_given_backup
from .context import BackupArgument


def backup_of_form(text: str) -> BackupArgument:
    """Return the backup that the field of a form names, one name per line."""
    return BackupArgument(tuple(filter(None, map(str.strip, text.splitlines()))), is_form=True)


def read_backup_argument(argument: BackupArgument, seconds: float) -> GivenBackup:
    """Read the backup that an operator names.

    Args:
        argument: The names.
        seconds: Time limit for counting the rows of a dump.

    Raises:
        UsageError: A file does not exist or cannot be read.
    """
    option = "'Backup':" if argument.is_form else "--backup"
    try:
        return read_given_backup(argument.names, find_backup if argument.is_form else Path, seconds)
    except UnreadableBackupError as error:
        raise UsageError(f"{option} {error}") from None


def find_backup(name: str) -> Path:
    """Return the path of a backup that a form names.

    Args:
        name: A path in the folder of backups, or a pattern such as ``*.dump``. A pattern is the
            newest entry of the folder that it matches, for a schedule that uses the last backup.

    Raises:
        UsageError: There is no folder of backups, or no such file in it.
    """
    try:
        directory = read_configuration().backup_directory
    except ConfigurationError as error:
        raise UsageError(str(error)) from None
    if not directory:
        raise UsageError("'Backup': the setting backup_directory names no folder of backups.")
    folder = Path(directory).resolve()
    with suppress(OSError, ValueError):  # A name that no file can have.
        path = (_find_newest(folder, name) if {*"*?"} & {*name} else folder / name).resolve()
        if folder in path.parents and path.exists():
            return path
    raise UsageError(f"'Backup': the folder of backup_directory contains no {name[:100]!r}.")


def _find_newest(folder: Path, pattern: str) -> Path:
    """Return the newest entry of a folder with a matching name. The folder itself if none has."""
    found = [path for path in folder.iterdir() if fnmatchcase(path.name, pattern) and path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime, default=folder)
