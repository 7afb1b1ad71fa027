"""The account that runs a database server, which refuses to run as root, and its folders."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

from .errors import RehearsalFailed

UNPRIVILEGED_USER_ID = 65534
"""Root lets this account run the server. It owns no files."""
Account = pwd.struct_passwd


def find_account() -> Account | None:
    """Return the account that runs the server. None for that of this process.

    Raises:
        RehearsalFailed: This process runs as root, and there is no other account.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwuid(UNPRIVILEGED_USER_ID)
    except KeyError:
        raise RehearsalFailed(
            "a database server does not run as root, and this host has no account "
            f"with the number {UNPRIVILEGED_USER_ID}. Run the rehearsal as the account of Nautobot"
        ) from None


def read_own_name() -> str:
    """Return the name of the account of this process, as a database server finds it.

    Raises:
        RehearsalFailed: The account has no name.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise RehearsalFailed(
            f"the account with the number {os.geteuid()} has no name on this host, so a database "
            "server cannot recognize it. Add it to /etc/passwd"
        ) from None


def require_other_name(owner: str, administrator: str) -> None:
    """Raise an error for an account of the copy that would become the administrator's.

    Raises:
        RehearsalFailed: The live database has an account with this name.
    """
    if owner == administrator:
        raise RehearsalFailed(
            f"the account of the database is named {owner}, like the administrator of the copy"
        )


def create_folders(data: Path, sockets: Path, account: Account | None) -> None:
    """Create the folders of a server, which are next to each other.

    Args:
        data: The folder of its files.
        sockets: The folder of its socket.
        account: The account that runs the server. None for that of this process.

    Raises:
        RehearsalFailed: The account cannot enter them.
    """
    for path in (data, sockets):
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
    if account:  # The other account must reach these two folders, and can read no others.
        data.parent.chmod(0o711)
        sockets.chmod(0o711)
        _require_reachable(data.parent, account)


def _require_reachable(folder: Path, account: Account) -> None:
    """Raise an error for a folder that the account of the server cannot enter."""
    closed = [each for each in folder.parents if not each.stat().st_mode & 0o001]
    if closed:
        raise RehearsalFailed(
            f"the account {account.pw_name} runs the database server for root, and cannot enter "
            f"{closed[-1]}. Name another folder with --directory, or run the rehearsal as the "
            "account of Nautobot"
        )


def run_as(account: Account | None) -> dict[str, Any]:
    """Return the arguments with which ``subprocess`` runs a program as an account."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
