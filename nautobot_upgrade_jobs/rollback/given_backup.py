"""Read the backup that the operator names: a dump, descriptions of a backup, or a statement."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path

from ..facts.backup_file import Backup
from ..facts.backup_record import (
    NONE_GIVEN,
    BackupDescription,
    BackupRecord,
    BackupVerification,
    GivenBackup,
)
from .backup_file import UnreadableBackupError, read_backup
from .backup_records import (
    HOW_TO_DESCRIBE,
    UnknownDescriptionError,
    is_description,
    parse_description,
    parse_statement,
)
from .mysql_shell import DESCRIPTION, IncompleteDescriptionError, read_mysql_shell_dump

HEAD_BYTES = 65_536
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
MAXIMUM_DESCRIPTION_BYTES = 20_000_000


def read_given_backup(
    names: Iterable[str], find: Callable[[str], Path], seconds: float
) -> GivenBackup:
    """Read the backup that the operator names.

    Args:
        names: Files, of which several can describe one backup, or a statement.
        find: Returns the path of a name.
        seconds: Time limit for counting the rows of a dump.

    Raises:
        UnreadableBackupError: A file cannot be read, or the names are of several backups.
    """
    dumps, records = list[Backup](), list[tuple[BackupRecord, ...]]()
    verifications = list[BackupVerification]()
    for name in names:
        found = _read(name, find, seconds)
        if isinstance(found, Backup):
            dumps.append(found)
        elif isinstance(found, BackupVerification):
            verifications.append(found)
        else:
            records.append(found)
    if len(dumps) + len(records) > 1 or len(verifications) > 1:
        raise UnreadableBackupError("the given files are of several backups: name one backup")
    if verifications and not records:
        raise UnreadableBackupError(
            "the given file is the verification of a backup: name the list of backups too"
        )
    if dumps:
        return GivenBackup(dump=dumps[0])
    if not records:
        return NONE_GIVEN
    return GivenBackup(
        description=BackupDescription(records[0], verifications[0] if verifications else None)
    )


def _read(
    name: str, find: Callable[[str], Path], seconds: float
) -> Backup | tuple[BackupRecord, ...] | BackupVerification:
    if "|" in name:
        try:
            return (parse_statement(name, datetime.now(timezone.utc)),)
        except UnknownDescriptionError as error:
            raise UnreadableBackupError(f"{name}: {error}") from None
    path = find(name)
    try:
        if (path / DESCRIPTION).exists():
            return (read_mysql_shell_dump(path),)
        if path.is_dir():
            return read_backup(path, seconds)
        if path.exists() and not path.is_file():
            raise UnreadableBackupError(f"{path}: it is neither a file nor a folder")
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            if is_description(_decode(head)):
                return parse_description(_decode(head + stream.read(MAXIMUM_DESCRIPTION_BYTES)))
        return _require_dump(read_backup(path, seconds), path)
    except IncompleteDescriptionError as error:
        raise UnreadableBackupError(str(error)) from None
    except (OSError, UnknownDescriptionError) as error:
        raise UnreadableBackupError(f"{path}: {error}") from None


def _decode(content: bytes) -> str:
    """Return a text. A shell of Windows writes UTF-16, and some editors write a mark first."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    return content.decode("utf-8", "replace")


def _require_dump(backup: Backup, path: Path) -> Backup:
    """Return a dump.

    Raises:
        UnreadableBackupError: The file has neither definitions nor rows.
    """
    if not (backup.definitions or backup.tables or backup.complete):
        raise UnreadableBackupError(f"{path}: it is neither a dump nor {HOW_TO_DESCRIBE}")
    return backup
