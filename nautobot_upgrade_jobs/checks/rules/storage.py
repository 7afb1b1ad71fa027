"""The folders that the upgrade writes to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ...facts import Storage
from ..build import warning
from ..findings import Finding, Impact, Phase
from ..registry import check
from ..remediation import shell

MEGABYTE = 1024 * 1024
LOW_SPACE = 500 * MEGABYTE
"""Bytes. The static files of one release with Apps need about a fifth of it."""


@check(stage="both", phase=Phase.POST_UPGRADE, impact=Impact.FEATURE_LOSS)
def not_writable(storage: Storage) -> Iterator[Finding]:
    """Nautobot's folders exist and are writable.

    Why: collectstatic runs after the migrations are committed. If another user owns the folder, the
        upgrade fails when there is no easy rollback. Uploads and Git syncs fail silently.
    Fix: create the folder, and make the user that runs Nautobot its owner.
    """
    for folder in storage.folders:
        if folder.exists and folder.writable:
            continue
        state = "is not writable" if folder.exists else "does not exist or is not visible"
        chown = shell(f"chown -R {shlex.quote(storage.user)} {shlex.quote(folder.path)}")
        create = () if folder.exists else (shell(f"mkdir -p {shlex.quote(folder.path)}"),)
        yield warning(
            folder.setting,
            f"The folder {folder.path} of {folder.setting} {state} for the user {storage.user}.",
            fix="Make the user that runs Nautobot the owner of the folder."
            if folder.exists
            else "Create the folder, and make the user that runs Nautobot its owner.",
            commands=(*create, chown),
        )


@check(phase=Phase.POST_UPGRADE, impact=Impact.OUTAGE)
def low_space(storage: Storage) -> Iterator[Finding]:
    """There is enough disk space to install the target and to collect static files.

    Why: a disk that fills up during an upgrade leaves partially written files.
    Fix: free space, or move the folder to a larger disk.
    """
    for folder in storage.folders:
        if folder.exists and folder.free_bytes < LOW_SPACE:
            yield warning(
                folder.setting,
                f"Only {folder.free_bytes // MEGABYTE} MB are free at {folder.path}.",
                fix=f"Free at least {LOW_SPACE // MEGABYTE} MB before the upgrade.",
            )
