"""A backup as another program, a cluster or a person describes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .backup_file import Backup
from .base import TextEnum


class BackupSource(TextEnum):
    """Who describes a backup."""

    PGBACKREST = "pgBackRest"
    BARMAN = "Barman"
    WAL_G = "WAL-G"
    MYSQL_SHELL = "MySQL Shell"
    CRON_JOB = "Kubernetes CronJob"
    VOLUME_SNAPSHOT = "Kubernetes VolumeSnapshot"
    STATEMENT = "statement"


@dataclass(frozen=True)
class BackupRecord:
    """A backup whose rows this App does not read."""

    source: BackupSource
    label: str
    """The name by which the source identifies the backup."""
    finished: datetime | None
    """When the backup was complete. None if it is not."""
    failures: tuple[str, ...] = ()
    """What the source reports as wrong with the backup."""
    system_id: str = ""
    """Identifier of the PostgreSQL cluster. Empty if the source does not name it."""
    databases: tuple[str, ...] = ()
    """Databases in the backup. Empty if the source does not name them."""
    tables: tuple[str, ...] = ()
    """Tables in the backup. Empty if the source does not name them."""
    group: str = ""
    """Stanza of pgBackRest or server of Barman. Empty for other sources."""
    repository: str = ""
    """Number of the repository of pgBackRest. Empty if unknown."""


@dataclass(frozen=True)
class BackupVerification:
    """The output of a program that has read the files of a backup."""

    source: BackupSource
    failures: tuple[str, ...] = ()
    """What it reports as damaged or missing."""
    group: str = ""
    """Stanza of pgBackRest or server of Barman. Empty if the output does not name it."""
    repository: str = ""
    """Number of the repository that was read. Empty if the output does not name it."""
    finished: datetime | None = None
    """When the verification ended, in the time zone of its host, read as UTC. None if unknown."""


@dataclass(frozen=True)
class BackupDescription:
    """All backups that a source describes, and their verification."""

    records: tuple[BackupRecord, ...]
    verification: BackupVerification | None = None


@dataclass(frozen=True)
class GivenBackup:
    """The backup that the operator names. Both parts are None if the operator names none."""

    dump: Backup | None = None
    description: BackupDescription | None = None


NONE_GIVEN = GivenBackup()
