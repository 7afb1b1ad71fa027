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

MAXIMUM_FAILURES = 5
STATEMENT_PARTS = ("who", "when", "id")
HOW_TO_DESCRIBE = (
    "the output of `pgbackrest info --output=json`, `barman -f json list-backups SERVER`, `wal-g "
    "backup-list --detail --json` or `kubectl get cronjob NAME -o json`"
)


class UnknownDescriptionError(ValueError):
    """A text is no description of one backup. The message gives the reason."""


def is_description(head: str) -> bool:
    """Return whether a file describes a backup, by its beginning. A dump begins in another way."""
    return head.lstrip().startswith(("{", "[")) or _parse_verification_text(head) is not None


def parse_description(text: str) -> tuple[BackupRecord, ...] | BackupVerification:
    """Return the backups that a text describes, or the result of their verification.

    Args:
        text: The output of a program: JSON, or the text of a verification.

    Raises:
        UnknownDescriptionError: No known program prints this, or it describes several databases.
    """
    if (verification := _parse_verification_text(text)) is not None:
        return verification
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnknownDescriptionError(f"it is neither a dump nor {HOW_TO_DESCRIBE}") from None
    try:
        return _parse_document(document)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, UnknownDescriptionError):
            raise
        raise UnknownDescriptionError(
            f"it is no complete {HOW_TO_DESCRIBE}: {type(error).__name__} {error}"
        ) from None


def _parse_verification_text(text: str) -> BackupVerification | None:
    """Return the result of ``pgbackrest verify`` or ``barman verify-backup``. None if neither."""
    if "backup successfully verified" in text:
        return BackupVerification(BackupSource.BARMAN)
    if "verify backup failure" in text or "pg_verifybackup: error" in text:
        return BackupVerification(BackupSource.BARMAN, _lines_with(text, ("error", "ERROR")))
    ended = "verify command end: completed successfully" in text
    status = re.search(r"^\s*status: (ok|error)\b", text, re.MULTILINE)
    if not ended and not status and "verify command end" not in text:
        return None
    failures = _lines_with(text, ("status: error", "status: invalid", "invalid", "ERROR"))
    return BackupVerification(BackupSource.PGBACKREST, failures)


def _lines_with(text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(line for line in lines if any(word in line for word in words))[:MAXIMUM_FAILURES]


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
        if len(document) >= 1 and all(isinstance(each, (list, dict)) for each in document.values()):
            name = _only(sorted(document), "server", "its name")
            return tuple(_parse_barman(document[name]))
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
    failures = () if status["code"] == 0 else (f"the stanza is not ok: {status['message']}",)
    clusters = {each["id"]: str(each["system-id"]) for each in stanza["db"]}
    archived = {each["database"]["id"]: each["max"] or "" for each in stanza["archive"]}
    if not stanza["backup"]:
        raise UnknownDescriptionError(f"its stanza has no backup: {status['message']}")
    for backup in stanza["backup"]:
        cluster, last_log = backup["database"]["id"], backup["archive"]["stop"] or ""
        own = [*failures]
        if backup["error"]:
            own.append("the copied pages have wrong checksums")
        if last_log > archived.get(cluster, ""):
            own.append(f"the log {last_log}, which a restore needs, is not archived")
        yield BackupRecord(
            BackupSource.PGBACKREST,
            backup["label"],
            datetime.fromtimestamp(backup["timestamp"]["stop"], timezone.utc),
            tuple(own),
            clusters.get(cluster, ""),
            tuple(each["name"] for each in backup.get("database-ref") or ()),
        )


def _parse_barman(server: Any) -> Iterator[BackupRecord]:
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
    failures = (
        f"{name}: {check['status']}"
        for name, check in document.items()
        if name in ("integrity", "timeline") and check["status"] != "OK"
    )
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
        failures.append("it has never succeeded")
    elif scheduled and scheduled > succeeded and not status.get("active"):
        failures.append(f"its run of {scheduled.isoformat()} failed")
    if (document.get("spec") or {}).get("suspend"):
        failures.append("it is suspended, so it makes no further backup")
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
    except ValueError:
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
