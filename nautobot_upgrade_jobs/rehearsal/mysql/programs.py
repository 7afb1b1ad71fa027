"""Find the programs of a MySQL server on this host. No wheel contains them."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass

from ..command import run_command
from ..errors import RehearsalFailed, shorten_output

SERVER, CLIENT, DUMP = "mysqld", "mysql", "mysqldump"
ADMINISTRATIVE_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
"""Distributions install the server here, which the path of other accounts does not contain."""
VERSION = re.compile(r"Ver (?:\S+ Distrib )?(\d+)\.(\d+)\.\d+")
VERSION_SECONDS = 10


@dataclass(frozen=True)
class Programs:
    """The programs of one release of MySQL."""

    server: str
    client: str
    dump: str
    version: tuple[int, int]
    """The release line of the server, such as 8 and 4."""


def find_programs(folder: str) -> Programs:
    """Find the programs.

    Args:
        folder: The folder that contains them. Empty to search the path.

    Raises:
        RehearsalFailed: One is missing, or is none of MySQL.
    """
    path = folder or os.pathsep.join((os.environ.get("PATH", os.defpath), *ADMINISTRATIVE_FOLDERS))
    found = {name: shutil.which(name, path=path) for name in (SERVER, CLIENT, DUMP)}
    if missing := [name for name, place in found.items() if place is None]:
        raise RehearsalFailed(
            f"the copy needs a MySQL server on this host, and {folder or 'the path'} has no "
            f"{' and no '.join(missing)}. Install the server and the client of MySQL, without "
            "starting a server, or name their folder in the setting 'mysql_programs'"
        )
    server, client, dump = (str(found[name]) for name in (SERVER, CLIENT, DUMP))
    versions = [_read_version(program) for program in (server, client, dump)]
    return Programs(server, client, dump, versions[0])


def _read_version(program: str) -> tuple[int, int]:
    unknown = f"{program} does not report its version"
    shown = run_command([program, "--no-defaults", "--version"], VERSION_SECONDS, failure=unknown)
    if "MariaDB" in shown:
        raise RehearsalFailed(f"{program} is a program of MariaDB, which Nautobot does not support")
    found = VERSION.search(shown)
    if not found:
        raise RehearsalFailed(f"{unknown}: {shorten_output(shown)}")
    return int(found[1]), int(found[2])
