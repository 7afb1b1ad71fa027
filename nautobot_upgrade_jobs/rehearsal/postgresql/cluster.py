"""Create the files of a PostgreSQL server, which another account runs if this process is root."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

from ..account import Account, create_folders, run_as
from ..errors import RehearsalFailed, shorten_output

ADMINISTRATOR = "rehearsal"


def create_cluster(data: Path, sockets: Path, programs: Path, account: Account | None) -> None:
    """Create the files of a server. The account of this process can log in to it as any role.

    Args:
        data: The new folder of the files.
        sockets: The new folder of the socket, next to it.
        programs: The folder with the programs of PostgreSQL.
        account: The account that runs the server. None for that of this process.

    Raises:
        RehearsalFailed: They cannot be created.
    """
    create_folders(data, sockets, account)
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
        **run_as(account),
    )
    if done.returncode:
        reason = shorten_output(done.stderr)
        raise RehearsalFailed(f"the database server for the copy cannot be created: {reason}")
    (data / "pg_hba.conf").write_text("local all all peer map=rehearsal\n", "utf-8")
    (data / "pg_ident.conf").write_text(f"rehearsal {getpass.getuser()} all\n", "utf-8")
