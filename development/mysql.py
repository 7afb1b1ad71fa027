"""A real MySQL for those who ask for it: Debian unstable's, unpacked into the cache folder.

Debian stable has MariaDB only, which Nautobot does not support, and there is no wheel. The programs
run under the loader and libraries they were unpacked with; that needs neither chroot nor mounts.
"""

from __future__ import annotations

import copy
import lzma
import os
import platform
import shlex
import shutil
import signal
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

from . import debian
from .mysql_copy import copy_differences
from .process import (
    Process,
    StackError,
    await_server,
    locked,
    log_message,
    run,
    spawn,
    terminate,
    unprivileged,
)
from .server_folder import new_server_folder

USER = "nautobot"
INCLUDE = "mysql-server-core,mysql-client-core"
# What building the Python driver needs in addition to a compiler, and what fetches MySQL.
PACKAGES = ("debootstrap", "default-libmysqlclient-dev", "pkg-config")
# Nothing here has to survive a power cut.
FAST_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=512M",
    "--skip-log-bin",
    "--mysqlx=OFF",
    "--secure-file-priv=",
)


def install_directory(cache: Path) -> Path:
    """The folder of the unpacked MySQL."""
    return cache / f"mysql-{platform.machine()}"


def prepare_machine(cache: Path) -> None:
    """Have the needed Debian packages and an unpacked MySQL."""
    debian.ensure(PACKAGES, "MySQL")
    with locked(install_directory(cache).with_suffix(".lock")):
        if not install_directory(cache).exists():
            _unpack(install_directory(cache))


def _unpack(folder: Path) -> None:
    """Fetch MySQL into a folder that becomes the real one only when complete."""
    if os.geteuid() != 0:
        raise StackError(f"unpacking MySQL into {folder} needs root, once; repeat this as root")
    log_message("fetching MySQL from Debian unstable (once, under a minute)")
    half_made = folder.with_suffix(".part")
    shutil.rmtree(half_made, ignore_errors=True)
    log = folder.with_suffix(".log")
    words = ["debootstrap", "--variant=minbase", f"--include={INCLUDE}", "sid", str(half_made)]
    run(words, log=log, what=f"debootstrap (log: {log})")
    half_made.rename(folder)


class MySQL:
    """One server with its data in one folder."""

    engine = "mysql"
    suffix = "sql.xz"

    def __init__(self, folder: Path, logs: Path, cache: Path) -> None:
        self.data = folder / "mysqldata"
        self.log = logs / "mysql.log"
        self.home = install_directory(cache)
        self.port = 0

    @property
    def major(self) -> str:
        """The server's release line, such as 9.7."""
        shown = run([*self._program_command("sbin/mysqld"), "--version"])
        return ".".join(shown.partition("Ver ")[2].split()[0].split(".")[:2])

    def env(self) -> dict[str, str]:
        """Environment variables by which Nautobot connects."""
        return {
            "NAUTOBOT_DB_ENGINE": "django.db.backends.mysql",
            "NAUTOBOT_DB_HOST": "127.0.0.1",
            "NAUTOBOT_DB_PORT": str(self.port),
            "NAUTOBOT_DB_USER": USER,
            "NAUTOBOT_DB_PASSWORD": "",
        }

    def start(self, port: int) -> Process:
        """Start the server, making its data folder first when there is none."""
        self._initialise()
        users = self.data.with_suffix(".init")
        user = f"'{USER}'@'%'"
        rights = f"GRANT ALL ON *.* TO {user} WITH GRANT OPTION"
        users.write_text(f"CREATE USER IF NOT EXISTS {user};\n{rights};\n")
        where = [f"--port={port}", "--bind-address=127.0.0.1", f"--init-file={users}"]
        # The path of a socket is limited in length; no client uses this one.
        where += [f"--socket=/tmp/nuj-{port}.sock", f"--pid-file={self.data}/mysqld.pid"]
        process = spawn(unprivileged([*self._server_command(), *where, *FAST_OPTIONS]), self.log)
        self.port = port
        await_server(process, self._is_ready, self.log, "MySQL", seconds=120)
        return process

    def stop(self, process: Process) -> None:
        """Stop it in the orderly way."""
        terminate(process, signal.SIGTERM, patience=60)

    def _initialise(self) -> None:
        if self.data.exists():
            return
        with new_server_folder(self.data) as folder:
            words = [*self._server_command(folder), "--initialize-insecure"]
            run(unprivileged(words), what="initialising MySQL")

    def _program_command(self, name: str) -> list[str]:
        """One of the unpacked programs, under its own loader."""
        usr = self.home / "usr"
        loaders = [*usr.glob("lib*/ld-linux*"), *usr.glob("lib/*/ld-linux*")]
        if not loaders:
            raise StackError(f"{self.home} is not complete; delete it and try again")
        libraries = ":".join(map(str, [*usr.glob("lib/*-linux-gnu"), usr / "lib/mysql/private"]))
        return [str(loaders[0]), "--library-path", libraries, str(usr / name)]

    def _server_command(self, data: Path | None = None) -> list[str]:
        words = [*self._program_command("sbin/mysqld"), *self._server_options()]
        return [*words, f"--datadir={data or self.data}"]

    def _server_options(self) -> list[str]:
        share = self.home / "usr/share/mysql"
        return [
            "--no-defaults",
            f"--basedir={self.home / 'usr'}",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share / 'charsets'}",
            f"--plugin-dir={self.home / 'usr/lib/mysql/plugin'}",
        ]

    def programs(self) -> dict[str, str]:
        """Return the shell command of each program that a runbook may use."""
        names = ("mysql", "mysqldump")
        return {name: f"exec {shlex.join(self._program_command(f'bin/{name}'))}" for name in names}

    def write_programs(self, folder: Path) -> None:
        """Write the programs to a folder for all accounts, as a host with MySQL has them."""
        links = copy.copy(self)
        links.home = folder / "files"
        for part in ("bin/mysql", "bin/mysqldump", "sbin/mysqld", "lib", "lib64", "share/mysql"):
            target = links.home / "usr" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if (self.home / "usr" / part).exists():
                run(["cp", "--archive", "--link", self.home / "usr" / part, target])
        server = shlex.join([*links._program_command("sbin/mysqld"), *links._server_options()])
        # The first argument must remain the first one.
        lines = {"mysqld": f'shift; exec {server} "$@"'}
        lines |= {name: f'{command} "$@"' for name, command in links.programs().items()}
        for name, line in lines.items():
            (folder / name).write_text(f"#!/bin/sh\n{line}\n")
            (folder / name).chmod(0o755)

    def _client_command(self, name: str) -> list[str]:
        where = ["--no-defaults", "--host=127.0.0.1", f"--port={self.port}", f"--user={USER}"]
        return [*self._program_command(f"bin/{name}"), *where, "--default-character-set=utf8mb4"]

    def _is_ready(self) -> bool:
        probe = [*self._client_command("mysql"), "-e", "SELECT 1"]
        return subprocess.run(probe, capture_output=True).returncode == 0

    def sql(self, *statements: str, database: str = "mysql") -> str:
        """Run statements and return their output."""
        words = [*self._client_command("mysql"), "-N", "-B", "-e", "; ".join(statements), database]
        return run(words, what=f"SQL on {database}").strip()

    def databases(self) -> set[str]:
        """The names of all databases."""
        return set(self.sql("SHOW DATABASES").splitlines())

    def create(self, name: str) -> None:
        """Make an empty database in place of an older one."""
        self.drop(name)
        self.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")

    def drop(self, name: str) -> None:
        """Drop a database; a missing one is fine."""
        self.sql(f"DROP DATABASE IF EXISTS `{name}`")

    def clone(self, source: str, name: str) -> None:
        """Make a database with the contents of another. An older one of this name is changed."""
        if name in self.databases():
            statements = ";\n".join(copy_differences(self.sql, source, name))
            self._read_statements(BytesIO(statements.encode()), name)
            return
        self.create(name)
        with self._start_dump(source) as writer:
            self._read_statements(writer.stdout, name)
            self._require_success(writer, f"mysqldump of {source}")

    def mark_as_template(self, name: str) -> None:
        """Do nothing: MySQL has no templates."""

    def dump(self, name: str, path: Path) -> None:
        """Write a dump."""
        with self._start_dump(name) as writer, lzma.open(path, "wb") as stream:
            assert writer.stdout is not None
            shutil.copyfileobj(writer.stdout, stream)
            self._require_success(writer, f"mysqldump of {name}")

    def restore(self, path: Path, name: str) -> None:
        """Make a database from a dump."""
        self.create(name)
        with lzma.open(path) as stream:
            self._read_statements(stream, name)

    def _start_dump(self, name: str) -> subprocess.Popen[bytes]:
        options = ["--single-transaction", "--no-tablespaces", "--skip-dump-date", name]
        words = [*self._client_command("mysqldump"), *options]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def _read_statements(self, stream: Any, name: str) -> None:
        """Run the statements of a stream in a database."""
        words = [*self._client_command("mysql"), name]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
            assert reader.stdin is not None
            shutil.copyfileobj(stream, reader.stdin)
            reader.stdin.close()
            self._require_success(reader, f"restoring {name}")

    @staticmethod
    def _require_success(process: subprocess.Popen[bytes], what: str) -> None:
        assert process.stderr is not None
        errors = process.stderr.read().decode(errors="replace")
        if process.wait():
            raise StackError(f"{what} failed: {errors.strip()}")
