"""Dump a MySQL database, and load a dump into the server of a copy."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ...target.deadline import Deadline
from ..errors import RehearsalFailed, describe_error, remaining_seconds, shorten_output
from .server import MysqlServer

BLOCK_BYTES = 1 << 20
TAIL_BYTES = 4096
ENDING_SECONDS = 1
"""A program that has closed its output ends within this time."""
COMPLETED = b"-- Dump completed"
"""What ``mysqldump`` writes last."""
TABLE = re.compile(rb"^INSERT INTO `([^`]+)`", re.MULTILINE)
DUMP_OPTIONS = (
    *("--single-transaction", "--quick", "--hex-blob", "--routines", "--triggers"),
    *("--no-tablespaces", "--set-gtid-purged=OFF", "--default-character-set=utf8mb4"),
    "--max-allowed-packet=1G",
)
LOAD_OPTIONS = (
    *("--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--local-infile=0"),
    # The client ignores commands in the dump, which could run programs.
    "--binary-mode",
)
TLS_OPTIONS = {"ca": "ssl-ca", "capath": "ssl-capath", "cert": "ssl-cert", "key": "ssl-key"}
LOGIN_OPTIONS = {
    "user": "user",
    "password": "password",
    "passwd": "password",
    "host": "host",
    "port": "port",
    "unix_socket": "socket",
    "ssl_mode": "ssl-mode",
}
"""Options of the programs, by the parameters of the client library."""
Report = Callable[[str, int], None]


@contextlib.contextmanager
def login_file(folder: Path, parameters: Mapping[str, Any]) -> Iterator[Path]:
    """Write the options with which a program logs in, since others see its arguments.

    Args:
        folder: A private folder.
        parameters: The parameters of the client library.

    Raises:
        RehearsalFailed: One of them names another file of options.
    """
    if any(parameters.get(name) for name in ("read_default_file", "read_default_group")):
        raise RehearsalFailed(
            "OPTIONS of the database name a file of options. Name the login there"
        )
    given = parameters.get("ssl")
    tls = given if isinstance(given, dict) else {}
    options = {
        **{LOGIN_OPTIONS[name]: parameters[name] for name in LOGIN_OPTIONS if parameters.get(name)},
        **{TLS_OPTIONS[key]: tls[key] for key in TLS_OPTIONS if tls.get(key)},
    }
    lines = (f"{name}={_quote_option(str(value))}\n" for name, value in options.items())
    number, name = tempfile.mkstemp(suffix=".cnf", dir=folder)
    os.close(number)
    path = Path(name)
    path.write_text(f"[client]\n{''.join(lines)}", "utf-8")
    try:
        yield path
    finally:
        path.unlink()


def _quote_option(value: str) -> str:
    """Return a value as a file of options contains it."""
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))


def dump_command(server: MysqlServer, login: Path, database: str) -> list[str]:
    """Return the command that dumps a database to its standard output.

    Args:
        server: The server of the copy, which has the program.
        login: The file with the options of the login.
        database: The database.
    """
    return [server.programs.dump, f"--defaults-file={login}", *DUMP_OPTIONS, database]


def load(
    command: Sequence[str],
    stream: IO[bytes],
    deadline: Deadline,
    report: Report = lambda table, size: None,
) -> None:
    """Load a dump.

    Args:
        command: The command of the client, from ``load_command``.
        stream: The dump.
        deadline: The client is killed at the end of this time limit.
        report: Called with the current table, and the bytes that were loaded so far.

    Raises:
        RehearsalFailed: The dump is not complete, or the server refuses a part of it.
    """
    with run_program(command, deadline, stdin=subprocess.PIPE) as client:
        end = _pass_on(stream, client.stdin, report)
    if COMPLETED not in end:
        raise RehearsalFailed("the dump is not complete: its last line is missing")


def load_command(server: MysqlServer, login: Path, database: str) -> list[str]:
    """Return the command that loads a dump from its standard input into an empty database."""
    return [server.programs.client, f"--defaults-file={login}", *LOAD_OPTIONS, database]


@contextlib.contextmanager
def run_program(command: Sequence[str], deadline: Deadline, **streams: Any) -> Iterator[Any]:
    """Run a program of MySQL, and wait for its end.

    Args:
        command: The program and its arguments.
        deadline: It is killed at the end of this time limit.
        streams: Its standard input and output. It has none by default.

    Raises:
        RehearsalFailed: It failed, with what it has written.
    """
    name = Path(command[0]).name
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(  # noqa: S603 - a program of MySQL
                [*command],
                env={"LC_ALL": "C", "PATH": os.defpath},
                stderr=errors,
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **streams},
            )
        except OSError as error:
            raise RehearsalFailed(f"{name} cannot be run: {describe_error(error)}") from None
        timer = threading.Timer(remaining_seconds(deadline), process.kill)
        timer.start()
        try:
            yield process
            process.wait()
        except RehearsalFailed:
            # If this program has failed, the one that it writes to fails because of it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(ENDING_SECONDS)
            if not process.returncode:
                raise
        finally:
            timer.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        output = shorten_output(errors.read().decode("utf-8", "replace"))
    if deadline.remaining <= 0:
        raise RehearsalFailed(f"{name} did not end in time")
    if process.returncode:
        reason = output or f"exit code {process.returncode}"
        raise RehearsalFailed(f"{name} failed: {reason}")


def _pass_on(source: IO[bytes], sink: IO[bytes], report: Report) -> bytes:
    """Pass on a dump, and return its end. A client that has failed reads no more."""
    end, table, size = b"", "", 0
    with contextlib.suppress(BrokenPipeError), sink:
        while block := source.read(BLOCK_BYTES):
            sink.write(block)
            end = (end + block)[-TAIL_BYTES:]
            size += len(block)
            if names := TABLE.findall(block):
                table = names[-1].decode("utf-8", "replace")
            report(table, size)
    return end
