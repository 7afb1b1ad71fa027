"""A database server of a rehearsal: in a private folder, on a socket, without a network.

Nothing on it has to survive a crash, so it does not wait for the disk. A keeper process runs it,
and removes it when this process ends. The code that is rehearsed runs as the account of this
process, and can log in as the owner of a copy. So the administrator has a password.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..target.isolation.sandbox import MAX_FOLDER_BYTES
from .account import Account, create_folders, find_account, run_as
from .command import run_command
from .errors import RehearsalFailed, shorten_output
from .folder import KeptFolder

ADMINISTRATOR = "nautobot_rehearsal"
CREATE_SECONDS, START_SECONDS = 120, 60
NOT_CREATED = "the database server for the copy cannot be created"


class ScratchServer:
    """The places of a server, and the password of its administrator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sockets = folder / "socket"
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.password = secrets.token_hex(16)
        self._account: Account | None = None

    def create_files(self, *commands: tuple[Sequence[str], str]) -> None:
        """Create the folders, and run programs that create the files of the server in them.

        Args:
            commands: Each program with its standard input.

        Raises:
            RehearsalFailed: One of them fails, or the account of the server cannot be used.
        """
        if len(os.fsencode(self.sockets)) > MAX_FOLDER_BYTES:
            raise RehearsalFailed(
                f"the path {self.folder} is too long for a socket. Name a shorter folder"
            )
        self._account = find_account()
        create_folders(self.data, self.sockets, self._account)
        place = {"cwd": self.sockets, **run_as(self._account)}
        for command, text in commands:
            run_command(command, CREATE_SECONDS, failure=NOT_CREATED, text=text, **place)

    def write_file(self, name: str, text: str) -> Path:
        """Write a file that only the server can read."""
        path = self.data / name
        path.touch(mode=0o600)
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        path.write_text(text, "utf-8")
        return path

    def start(self, kept: KeptFolder, command: Sequence[str], is_ready: Callable[[], bool]) -> None:
        """Start the server, and wait until it answers. It ends with its folder.

        Raises:
            RehearsalFailed: It does not start, with what it has written.
        """
        account = self._account
        kept.start_server(
            command=[*command],
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            log=str(self.log),
        )
        deadline = time.monotonic() + START_SECONDS
        while kept.is_kept and time.monotonic() < deadline:
            if is_ready():
                return
            time.sleep(0.1)
        raise RehearsalFailed(
            f"the database server for the copy does not start: {self._read_log()}"
        )

    def _read_log(self) -> str:
        return shorten_output(self.log.read_text("utf-8", "replace")) if self.log.exists() else ""
