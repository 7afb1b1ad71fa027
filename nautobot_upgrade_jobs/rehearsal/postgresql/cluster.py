"""Create the files of a PostgreSQL server, which another account runs if this process is root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..account import Account, create_folders, read_own_name, run_as
from ..errors import RehearsalFailed, shorten_output

ADMINISTRATOR = "nautobot_rehearsal"
ACCESS = f"""local all {ADMINISTRATOR} scram-sha-256
local all all peer map=rehearsal
"""


def create_cluster(
    data: Path, sockets: Path, programs: Path, account: Account | None, password: str
) -> None:
    """Create the files of a server. The account of this process can log in to it as the owner.

    The code that is rehearsed runs as the same account. So the administrator has a password.

    Args:
        data: The new folder of the files.
        sockets: The new folder of the socket, next to it.
        programs: The folder with the programs of PostgreSQL.
        account: The account that runs the server. None for that of this process.
        password: The password of the administrator.

    Raises:
        RehearsalFailed: They cannot be created.
    """
    create_folders(data, sockets, account)
    words = [f"--pgdata={data}", f"--username={ADMINISTRATOR}", "--auth=peer", "--no-sync"]
    words += ["--locale=C", "--encoding=UTF8"]
    words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run([str(programs / "initdb"), *words], sockets, account)
    statement = f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{password}'\n"
    alone = [str(programs / "postgres"), "--single", "-D", str(data), "postgres"]
    _run(alone, sockets, account, statement)
    (data / "pg_hba.conf").write_text(ACCESS, "utf-8")
    (data / "pg_ident.conf").write_text(f"rehearsal {read_own_name()} all\n", "utf-8")


def _run(command: list[str], folder: Path, account: Account | None, text: str = "") -> None:
    """Run a program of the server with a text as its input."""
    done = subprocess.run(  # noqa: S603 - a program of the verified wheel
        command,
        env={"LC_ALL": "C", "PATH": os.defpath},
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=folder,
        **run_as(account),
    )
    if done.returncode:
        reason = shorten_output(done.stderr)
        raise RehearsalFailed(f"the database server for the copy cannot be created: {reason}")
