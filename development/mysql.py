"""A real MySQL for those who ask for it: Debian unstable's, unpacked into the cache folder.

Debian stable has MariaDB only, which Nautobot does not support, and there is no wheel. The programs
run under the loader and libraries they were unpacked with; that needs neither chroot nor mounts.
"""

from __future__ import annotations

import gzip
import os
import platform
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

from . import debian
from .process import (
    Process,
    StackError,
    await_server,
    create_server_folder,
    locked,
    log_message,
    run,
    spawn,
    terminate,
    unprivileged,
)

USER = "nautobot"
INCLUDE = "mysql-server-core,mysql-client-core"
# What building the Python driver needs beside a compiler, and what fetches MySQL.
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
    """Where MySQL is unpacked."""
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
    suffix = "sql.gz"

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
        """How Nautobot reaches it."""
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
        # Paths of sockets may not be long; nobody uses this one.
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
        half_made = self.data.with_suffix(".new")
        shutil.rmtree(half_made, ignore_errors=True)
        create_server_folder(half_made)
        words = [*self._server_command(half_made), "--initialize-insecure"]
        run(unprivileged(words), what="initialising MySQL")
        half_made.rename(self.data)

    def _program_command(self, name: str) -> list[str]:
        """One of the unpacked programs, under its own loader."""
        usr = self.home / "usr"
        loaders = [*usr.glob("lib*/ld-linux*"), *usr.glob("lib/*/ld-linux*")]
        if not loaders:
            raise StackError(f"{self.home} is not complete; delete it and try again")
        libraries = ":".join(map(str, [*usr.glob("lib/*-linux-gnu"), usr / "lib/mysql/private"]))
        return [str(loaders[0]), "--library-path", libraries, str(usr / name)]

    def _server_command(self, data: Path | None = None) -> list[str]:
        share = self.home / "usr/share/mysql"
        return [
            *self._program_command("sbin/mysqld"),
            "--no-defaults",
            f"--basedir={self.home / 'usr'}",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share / 'charsets'}",
            f"--plugin-dir={self.home / 'usr/lib/mysql/plugin'}",
            f"--datadir={data or self.data}",
        ]

    def programs(self) -> dict[str, str]:
        """What a shell calls for each program that a runbook may name."""
        names = ("mysql", "mysqldump")
        return {name: f"exec {shlex.join(self._program_command(f'bin/{name}'))}" for name in names}

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
        """Make a database with the contents of another, by way of a dump: no way is shorter."""
        temporary = self.data.with_name(f"clone-{name}.{self.suffix}")
        try:
            self.dump(source, temporary)
            self.restore(temporary, name)
        finally:
            temporary.unlink(missing_ok=True)

    def mark_as_template(self, name: str) -> None:
        """MySQL knows no templates; nobody is told the name."""

    def dump(self, name: str, path: Path) -> None:
        """Write a dump."""
        words = [
            *self._client_command("mysqldump"),
            "--single-transaction",
            "--no-tablespaces",
            name,
        ]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stderr is not None
            with gzip.open(path, "wb", compresslevel=1) as stream:
                shutil.copyfileobj(writer.stdout, stream)
            errors = writer.stderr.read().decode(errors="replace")
        if writer.returncode:
            raise StackError(f"mysqldump of {name} failed: {errors.strip()}")

    def restore(self, path: Path, name: str) -> None:
        """Make a database from a dump."""
        self.create(name)
        words = [*self._client_command("mysql"), name]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
            assert reader.stdin is not None and reader.stderr is not None
            with gzip.open(path, "rb") as stream:
                shutil.copyfileobj(stream, reader.stdin)
            reader.stdin.close()
            errors = reader.stderr.read().decode(errors="replace")
        if reader.returncode:
            raise StackError(f"restoring {path} failed: {errors.strip()}")
