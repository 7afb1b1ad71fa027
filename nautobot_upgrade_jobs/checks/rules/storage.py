"""Folders that the upgrade writes to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ...facts import Storage
from ..findings import Finding, Impact, Phase, Severity
from ..registry import check

MEGABYTE = 1024 * 1024
LOW_SPACE = 500 * MEGABYTE
"""Bytes; collected static files of one release with Apps take about a fifth of it."""


@check(stage="both")
def not_writable(storage: Storage) -> Iterator[Finding]:
    """Nautobot's folders exist and can be written to.

    Why: collectstatic runs after the migrations have committed; a folder owned by somebody else
        fails the upgrade when there is no easy way back. Uploads and Git syncs fail in silence.
    Fix: create the folder and give it to the user that runs Nautobot.
    """
    for folder in storage.folders:
        if folder.exists and folder.writable:
            continue
        state = "is not writable" if folder.exists else "does not exist"
        repair = f"chown -R {storage.user} {shlex.quote(folder.path)}"
        yield Finding(
            severity=Severity.WARNING,
            subject=folder.setting,
            message=f"{folder.setting} {state} for the user {storage.user}: {folder.path}",
            remediation="Create it if it is missing and give it to the user that runs Nautobot.",
            phase=Phase.POST_UPGRADE,
            impact=Impact.FEATURE_LOSS,
            commands=(repair,)
            if folder.exists
            else (f"mkdir -p {shlex.quote(folder.path)}", repair),
        )


@check()
def low_space(storage: Storage) -> Iterator[Finding]:
    """There is room to install and to collect static files.

    Why: a full disk in the middle of an upgrade leaves half-written files behind.
    Fix: free space, or move the folder to a larger disk.
    """
    for folder in storage.folders:
        if folder.exists and folder.free_bytes < LOW_SPACE:
            yield Finding(
                severity=Severity.WARNING,
                subject=folder.setting,
                message=f"Only {folder.free_bytes // MEGABYTE} MB are free at {folder.path}.",
                remediation=f"Free at least {LOW_SPACE // MEGABYTE} MB before the upgrade.",
                phase=Phase.POST_UPGRADE,
                impact=Impact.OUTAGE,
            )
