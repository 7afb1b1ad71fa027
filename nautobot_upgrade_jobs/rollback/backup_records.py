"""Parse what backup programs and Kubernetes print about their backups.

Sources of the formats: the output of pgBackRest 2.45 and Barman 3.4, the source code of WAL-G 3
(``backup-list --detail --json``, ``wal-verify --json``), and the API of Kubernetes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ..facts.backup_record import BackupRecord, BackupSource, BackupVerification
from .verification_text import is_verification, parse_verification

STATEMENT_PARTS = ("who", "when", "id")
HOW_TO_DESCRIBE = (
    "the output of `pgbackrest info --output=json`, `barman -f json list-backups SERVER`, `wal-g "
    "backup-list --detail --json` or `kubectl get cronjob NAME -o json`"
)


class UnknownDescriptionError(ValueError):
    """A text is no description of one backup. The message gives the reason."""


def is_description(head: str) -> bool:
    """Return whether a file describes a backup, by its beginning. A dump begins in another way."""
    begins = head.lstrip().startswith(("{", "["))
    return begins or is_verification(head)


def parse_description(text: str) -> tuple[BackupRecord, ...] | BackupVerification:
    """Return the backups that a text describes, or the result of their verification.

    Args:
        text: The output of a program: JSON, or the text of a verification.

    Raises:
        UnknownDescriptionError: No known program prints this, or it describes several databases.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        if is_verification(text):
            return parse_verification(text)
        raise UnknownDescriptionError(f"it is neither a dump nor {HOW_TO_DESCRIBE}") from None
    try:
        return _parse_document(document)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, UnknownDescriptionError):
            raise
        raise UnknownDescriptionError(
            f"it lacks a part of {HOW_TO_DESCRIBE}: {type(error).__name__} {error}"
        ) from None


def _parse_document(document: Any) -> tuple[BackupRecord, ...] | BackupVerification:
    if isinstance(document, list):
        if all(isinstance(each, dict) and "backup_name" in each for each in document) and document:
            return tuple(map(_parse_wal_g, document))
        if all(isinstance(each, dict) and {"backup", "status"} <= {*each} for each in document):
            return tuple(_parse_pgbackrest(_only(document, "stanza", "--stanza")))
    if isinstance(document, dict):
        if {"integrity", "timeline"} & {*document}:
            return _parse_wal_verify(document)
        if "kind" in document:
            return (_parse_kubernetes(document),)
        # Barman adds its messages under names such as _INFO.
        servers = {key: value for key, value in document.items() if not key.startswith("_")}
        if servers and all(isinstance(each, (list, dict)) for each in servers.values()):
            name = _only(sorted(servers), "server", "its name")
            return tuple(_parse_barman(name, servers[name]))
    raise UnknownDescriptionError(f"its JSON is not {HOW_TO_DESCRIBE}")


def _only(entries: list[Any], kind: str, option: str) -> Any:
    """Return the only entry.

    Raises:
        UnknownDescriptionError: There is none, or several.
    """
    if len(entries) != 1:
        count = f"{len(entries)} {kind}s" if entries else f"no {kind}"
        raise UnknownDescriptionError(f"it describes {count}: choose one {kind} with {option}")
    return entries[0]


def _parse_pgbackrest(stanza: Mapping[str, Any]) -> Iterator[BackupRecord]:
    """Yield the backups of ``pgbackrest info --output=json``. Times are seconds since 1970."""
    status = stanza["status"]
    if not stanza["backup"]:
        raise UnknownDescriptionError(f"its stanza has no backup: {status['message']}")
    repositories = {each["key"]: each["status"] for each in stanza.get("repo") or ()}
    clusters = {_repository_key(each, each["id"]): str(each["system-id"]) for each in stanza["db"]}
    archived = {
        _repository_key(each["database"], each["database"]["id"]): each["max"] or ""
        for each in stanza["archive"]
    }
    for backup in stanza["backup"]:
        key = _repository_key(backup["database"], backup["database"]["id"])
        own = repositories.get(backup["database"].get("repo-key"), status)
        last_log = backup["archive"]["stop"] or ""
        failures = [] if own["code"] == 0 else [f"the repository is not ok: {own['message']}"]
        if backup["error"]:
            failures.append("the copied pages have wrong checksums")
        if last_log > archived.get(key, ""):
            failures.append(f"the log {last_log}, which a restore needs, is not archived")
        yield BackupRecord(
            BackupSource.PGBACKREST,
            backup["label"],
            datetime.fromtimestamp(backup["timestamp"]["stop"], timezone.utc),
            tuple(failures),
            clusters.get(key, ""),
            tuple(each["name"] for each in backup.get("database-ref") or ()),
            group=stanza["name"],
            repository=str(backup["database"].get("repo-key", "")),
        )


def _repository_key(database: Mapping[str, Any], number: int) -> tuple[int, int]:
    """Return the key of a cluster in the list. Each repository numbers its clusters."""
    return number, database.get("repo-key", 1)


def _parse_barman(name: str, server: Any) -> Iterator[BackupRecord]:
    """Yield the backups of ``barman list-backups`` or ``show-backup`` as JSON."""
    backups = server if isinstance(server, list) else [server]
    if not backups:
        raise UnknownDescriptionError("its server has no backup")
    for backup in backups:
        details = backup.get("base_backup_information") or backup
        seconds = details.get("end_time_timestamp")
        status = backup["status"]
        complete = status == "DONE" and seconds
        yield BackupRecord(
            BackupSource.BARMAN,
            backup["backup_id"],
            datetime.fromtimestamp(int(seconds), timezone.utc) if complete else None,
            () if status == "DONE" else (f"its status is {status}",),
            str(backup.get("system_id") or backup.get("systemid") or ""),
            group=name,
        )


def _parse_wal_g(backup: Mapping[str, Any]) -> BackupRecord:
    """Return a backup of ``wal-g backup-list --json``, with more facts from ``--detail``."""
    finished = backup.get("finish_time") or backup["time"]
    return BackupRecord(
        BackupSource.WAL_G,
        backup["backup_name"],
        _parse_time(finished),
        system_id=str(backup.get("system_identifier") or ""),
    )


def _parse_wal_verify(document: Mapping[str, Any]) -> BackupVerification:
    """Return whether the log has gaps. This check does not read the files of a backup."""
    failures = [
        f"{name}: {check['status']}"
        for name, check in document.items()
        if name in ("integrity", "timeline") and check["status"] != "OK"
    ]
    if "integrity" not in document:
        failures.append("the check `integrity` was not run")
    return BackupVerification(BackupSource.WAL_G, tuple(failures))


def _parse_kubernetes(document: Mapping[str, Any]) -> BackupRecord:
    if document["kind"] == "List":
        document = _only(document["items"], "object", "its name")
    parse = KUBERNETES_PARSERS.get(document["kind"])
    if parse is None:
        raise UnknownDescriptionError(f"a {document['kind']} of Kubernetes is no backup")
    return parse(document)


def _parse_cron_job(document: Mapping[str, Any]) -> BackupRecord:
    """Return the last success of a CronJob. Kubernetes 1.21 and later report it."""
    status = document.get("status") or {}
    succeeded, scheduled = (
        _parse_time(status[key]) if status.get(key) else None
        for key in ("lastSuccessfulTime", "lastScheduleTime")
    )
    failures = []
    if succeeded is None:
        failures.append("it has never succeeded, or Kubernetes is older than 1.21")
    elif scheduled and scheduled > succeeded and not status.get("active"):
        failures.append(f"its run of {scheduled.isoformat()} failed")
    return BackupRecord(
        BackupSource.CRON_JOB, document["metadata"]["name"], succeeded, tuple(failures)
    )


def _parse_volume_snapshot(document: Mapping[str, Any]) -> BackupRecord:
    status = document.get("status") or {}
    ready, created = status.get("readyToUse"), status.get("creationTime")
    error = (status.get("error") or {}).get("message", "")
    failures = () if ready else (f"it is not ready{error and f': {error}'}",)
    return BackupRecord(
        BackupSource.VOLUME_SNAPSHOT,
        document["metadata"]["name"],
        _parse_time(created) if created else None,
        failures,
    )


KUBERNETES_PARSERS: dict[str, Callable[[Mapping[str, Any]], BackupRecord]] = {
    "CronJob": _parse_cron_job,
    "VolumeSnapshot": _parse_volume_snapshot,
}


def parse_statement(text: str, now: datetime) -> BackupRecord:
    """Return the backup that a person states: ``who | when | id``.

    Args:
        text: The statement. The time is ISO 8601 with a time zone, such as 2026-11-29T08:00Z.
        now: The current time.

    Raises:
        UnknownDescriptionError: A part is missing, or the time is unreadable or in the future.
    """
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != len(STATEMENT_PARTS) or not all(parts):
        raise UnknownDescriptionError(
            "a statement has three parts: 'who | when | id', such as "
            "'Ann | 2026-11-29T08:00Z | snap-0123'"
        )
    who, when, label = parts
    try:
        finished = _parse_time(when)
    except (ValueError, OverflowError):
        raise UnknownDescriptionError(
            f"{when!r} is no time with a time zone, such as 2026-11-29T08:00Z"
        ) from None
    if finished > now:
        raise UnknownDescriptionError(f"the time {when} is in the future")
    return BackupRecord(BackupSource.STATEMENT, f"{label}, stated by {who}", finished)


def _parse_time(text: str) -> datetime:
    """Return a time in UTC.

    Raises:
        ValueError: The text is no time, or it has no time zone.
    """
    # Python 3.10 reads neither the letter Z nor other than three or six decimals.
    seconds = re.sub(r"\.\d+", "", text.strip())
    parsed = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", seconds))
    if parsed.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return parsed.astimezone(timezone.utc)
