"""Parse the output of programs that verify the files of a backup.

Sources of the formats: the output of ``pgbackrest verify`` 2.45, with and without
``--output=text``, and of ``barman verify-backup`` 3.4.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

from ..facts.backup_record import BackupSource, BackupVerification

MAXIMUM_FAILURES = 5
BARMAN = re.compile(
    r"^Verifying backup \'|backup successfully verified|verify backup failure"
    r"|pg_verifybackup: error",
    re.MULTILINE,
)
BARMAN_SUCCESS = "backup successfully verified"
BARMAN_FAILURE = re.compile(r"error|failure", re.IGNORECASE)
BARMAN_SERVER = re.compile(
    r"^Verifying backup '[^'\n]{1,200}' on server \[?'?([\w.-]{1,200})", re.MULTILINE
)
PGBACKREST = re.compile(
    r"verify command (?:begin|end)\b|^ {0,60}(?:archiveId|backup): [^\n]{1,300}(?:total|status: )",
    re.MULTILINE,
)
PGBACKREST_SUCCESS = re.compile(
    r"verify command end: completed successfully|^ {0,60}status: ok$", re.MULTILINE
)
PGBACKREST_FAILURE = re.compile(
    r"\bERROR\b|status: (?:error|invalid)|invalid checksum|(?:invalid|missing|other): [1-9]"
    r"|verify command end: (?!completed)"
)
PGBACKREST_STANZA = re.compile(r"--stanza=(\S{1,200})|\bstanza: (\S{1,200})$", re.MULTILINE)
PGBACKREST_REPOSITORY = re.compile(r"--repo=(\d{1,4})\b")
LOG_TIME = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d{3} P\d\d", re.MULTILINE)


def is_verification(text: str) -> bool:
    """Return whether a text is the output of a known verification."""
    return bool(BARMAN.search(text) or PGBACKREST.search(text))


def parse_verification(text: str) -> BackupVerification:
    """Return the result of a verification. Without a stated success, it is a failure.

    Args:
        text: The output, for which ``is_verification`` holds.
    """
    if BARMAN.search(text):
        failures = _lines_with(text, BARMAN_FAILURE)
        if not failures and BARMAN_SUCCESS not in text:
            failures = ("the output does not say that the backup was verified",)
        return BackupVerification(BackupSource.BARMAN, failures, _find(BARMAN_SERVER, text))
    failures = _lines_with(text, PGBACKREST_FAILURE)
    if not failures and not PGBACKREST_SUCCESS.search(text):
        failures = ("the output does not say that the verification was completed",)
    return BackupVerification(
        BackupSource.PGBACKREST,
        failures,
        _find(PGBACKREST_STANZA, text),
        _find(PGBACKREST_REPOSITORY, text),
        _newest_time(text),
    )


def _lines_with(text: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(line for line in lines if pattern.search(line))[:MAXIMUM_FAILURES]


def _find(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return next(filter(None, found.groups()), "") if found else ""


def _newest_time(text: str) -> datetime | None:
    times = []
    for each in LOG_TIME.findall(text):
        try:
            times.append(datetime.strptime(f"{each} +0000", "%Y-%m-%d %H:%M:%S %z"))
        except ValueError:
            continue
    newest = max(times, default=None)
    return newest.astimezone(timezone.utc) if newest else None
