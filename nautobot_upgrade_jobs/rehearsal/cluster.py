"""Create the files of a PostgreSQL server, which another account runs if this process is root."""

from __future__ import annotations

import getpass
import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from .errors import RehearsalFailed

ADMINISTRATOR = "rehearsal"
UNPRIVILEGED_USER_ID = 65534
"""PostgreSQL refuses to run as root, so root lets this account run it. It owns no files."""
OUTPUT_CHARACTERS = 600


def find_account() -> pwd.struct_passwd | None:
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
            "PostgreSQL does not run as root, and this host has no account "
            f"with the number {UNPRIVILEGED_USER_ID}. Run the rehearsal as the account of Nautobot"
        ) from None


def create_cluster(
    data: Path, sockets: Path, programs: Path, account: pwd.struct_passwd | None
) -> None:
    """Create the files of a server. The account of this process can log in to it as any role.

    Args:
        data: The new folder of the files.
        sockets: The new folder of the socket, next to it.
        programs: The folder with the programs of PostgreSQL.
        account: The account that runs the server. None for that of this process.

    Raises:
        RehearsalFailed: They cannot be created.
    """
    for path in (data, sockets):
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
    if account:  # The other account must reach these two folders, and can read no others.
        data.parent.chmod(0o711)
        sockets.chmod(0o711)
        _require_reachable(data.parent, account)
    words = [
        f"--pgdata={data}",
        f"--username={ADMINISTRATOR}",
        "--auth=peer",
        "--no-sync",
        "--locale=C",
    ]
    words += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words += ["--locale=C"]
    done = subprocess.run(  # noqa: S603 - a program of the verified wheel
        [str(programs / "initdb"), *words],
        env={"LC_ALL": "C", "PATH": os.defpath},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=sockets,
        **_run_as(account),
    )
    if done.returncode:
        reason = shorten_output(done.stderr)
        raise RehearsalFailed(f"the database server for the copy cannot be created: {reason}")
    (data / "pg_hba.conf").write_text("local all all peer map=rehearsal\n", "utf-8")
    (data / "pg_ident.conf").write_text(f"rehearsal {getpass.getuser()} all\n", "utf-8")


def _require_reachable(folder: Path, account: pwd.struct_passwd) -> None:
    """Raise an error for a folder that the account of the server cannot enter."""
    closed = [each for each in folder.parents if not each.stat().st_mode & 0o001]
    if closed:
        raise RehearsalFailed(
            f"the account {account.pw_name} runs the database server for root, and cannot enter "
            f"{closed[-1]}. Name another folder with --directory, or run the rehearsal as the "
            "account of Nautobot"
        )


def _run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def shorten_output(text: str) -> str:
    """Return the end of an output on one line."""
    return " ".join(text.split())[-OUTPUT_CHARACTERS:]
