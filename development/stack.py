"""A Nautobot that starts in seconds, without Docker."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shlex
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import dist, dumps, valkey
from .instance import LOGIN, Instance, get_installation_kind, iter_instances
from .process import (
    Process,
    StackError,
    await_server,
    free_port,
    identify,
    log_message,
    run,
    tail,
    terminate,
)
from .server_folder import remove_from_memory
from .venvs import REPOSITORY, STACK, build

NAUTOBOT = ("beat", "web", "worker")
SERVERS = ("valkey", "database")
RELOAD_SUFFIXES = (".py", ".html", ".toml", ".json")
"""Suffixes of files that a process reads once."""


def up(instance: Instance, data: str, *, fresh: bool = False) -> None:
    """Start or refresh the instance with this data and the current code."""
    began = time.monotonic()
    with instance.lock():
        instance.build()
        start_servers(instance)
        state = instance.state()
        running = all(state.process(name) for name in NAUTOBOT)
        code = code_digest(instance)
        if fresh or state.get("live", "data") != data:
            stop(instance, NAUTOBOT)
            running = False
        if dumps.ensure_live(instance, data, fresh=fresh):
            stop(instance, NAUTOBOT)
            running = False
        instance.state().save("live", "data", data)
        if not running or state.get("live", "code") != code:
            stop(instance, NAUTOBOT)
            start_nautobot(instance)
            instance.state().save("live", "code", code)
    took = time.monotonic() - began
    log_message(
        f"{instance.name}: ready at {instance.url} after {took:.1f} s (login {LOGIN}/{LOGIN})"
    )


def start_servers(instance: Instance) -> None:
    """Start database and Valkey if needed."""
    instance.logs.mkdir(parents=True, exist_ok=True)
    state = instance.state()
    if not state.process("database"):
        server, port = instance.server(), free_port(state.port("database"))
        if not server.data.exists():
            state.forget("templates", "live")
        record_process(instance, "database", server.start(port), port)
    if not state.process("valkey"):
        port = free_port(state.port("valkey"))
        record_process(instance, "valkey", valkey.start(instance.venv, instance.logs, port), port)


def start_nautobot(instance: Instance) -> None:
    """Start web process, worker and beat, and wait until they are ready."""
    ready = instance.folder / "worker-ready"
    ready.unlink(missing_ok=True)
    port = free_port(instance.state().port("web"))
    instance.state().save("ports", "web", port)
    log = instance.logs / "serve.log"
    log_message(f"{instance.name}: starting Nautobot")
    try:
        run(
            [instance.venv / "bin" / "python", "-m", "development.serve", str(port)],
            env=instance.env(),
            log=log,
            what=f"starting Nautobot (log: {log})",
            cwd=REPOSITORY,
        )
    finally:
        for line in log.read_text().splitlines():
            name, _, pid = line.partition(" ")
            if name in NAUTOBOT and pid.isdigit() and (process := identify(int(pid))):
                record_process(instance, name, process)
    await_nautobot(instance, "worker", ready)
    await_nautobot(instance, "web", ready)


def await_nautobot(instance: Instance, name: str, ready: Path) -> None:
    """Wait for one of Nautobot's processes."""
    log = instance.logs / f"{name}.log"
    process = instance.state().process(name)
    if process is None:
        raise StackError(f"Nautobot's {name} ended while starting; the end of {log}:\n{tail(log)}")
    answers = ready.exists if name == "worker" else lambda: is_web_ready(instance.url)
    await_server(process, answers, log, f"Nautobot's {name}", seconds=180)


def is_web_ready(url: str) -> bool:
    """Return whether the login page loads."""
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"{url}/login/", timeout=60) as answer,
    ):
        return bool(answer.status == 200)
    return False


def record_process(
    instance: Instance, name: str, process: Process, port: int | None = None
) -> None:
    """Record a process as started by the stack."""
    state = instance.state()
    state.save("processes", name, list(process))
    if port:
        state.save("ports", name, port)


def stop(instance: Instance, names: Sequence[str]) -> None:
    """End the recorded ones of these processes, clients before servers."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: _stop(instance, name), set(names) & set(NAUTOBOT)))
    for name in SERVERS:
        if name in names:
            _stop(instance, name)
    for name in names:
        instance.state().save("processes", name, None)


def _stop(instance: Instance, name: str) -> None:
    """End one recorded process if it still runs."""
    if process := instance.state().process(name):
        if name == "database":
            instance.server().stop(process)
        else:
            # On SIGQUIT the worker drops its tasks; after a moment it is killed.
            terminate(process, signal.SIGQUIT if name == "worker" else signal.SIGTERM, patience=1)


def code_digest(instance: Instance) -> str:
    """Return a digest of the code and settings that running processes have loaded."""
    digest = hashlib.sha256((instance.root / "nautobot_config.py").read_bytes())
    for folder in ("nautobot_upgrade_jobs", "development"):
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix in RELOAD_SUFFIXES and REPOSITORY / dist.SITE not in path.parents:
                digest.update(path.read_bytes())
    digest.update((instance.venv / "stack-stamp").read_bytes())
    return digest.hexdigest()


def down(instances: list[Instance]) -> None:
    """End every recorded process, and remove databases that are in memory."""
    for instance in instances:
        with instance.lock():
            stop(instance, NAUTOBOT + SERVERS)
            for folder in instance.folder.glob("*data"):
                remove_from_memory(folder)
        log_message(f"{instance.name}: stopped")


def make_databases() -> None:
    """Renew the dumps in the repository from the current sample data and migrations."""
    for instance, templates in dumps.stored_instances():
        with instance.lock():
            instance.build()
            start_servers(instance)
            for template in templates:
                dumps.ensure_template(instance, template)
    dumps.store()


def status() -> None:
    """Print the running processes."""
    for instance in iter_instances():
        state = instance.state()
        running = [name for name in NAUTOBOT + SERVERS if state.process(name)]
        where = instance.url if "web" in running else "-"
        data = state.get("live", "data") or "-"
        print(f"{instance.name:24} {data:9} {where:24} {' '.join(running) or 'stopped'}")


def execute(instance: Instance, words: list[str]) -> None:
    """Replace this process by a command in the environment of a running instance."""
    if not words:
        raise StackError("what to run? exec VERSION -- COMMAND…")
    if not instance.state().process("database"):
        start = f"python3 -m development.stack up {instance.version}"
        raise StackError(f"{instance.name} is not running; start it: {start}")
    env = instance.env()
    os.environ["PATH"] = env["PATH"]  # where execvpe looks
    try:
        os.execvpe(words[0], words, env)
    except FileNotFoundError:
        raise StackError(f"no command {words[0]!r} in {instance.venv}/bin or on PATH") from None


def print_env(instance: Instance) -> None:
    """Print the variables of ``exec`` for the eval of a shell."""
    for name, value in instance.env().items():
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")


def tool(groups: str, words: list[str]) -> None:
    """Replace this process by a command in an environment with these dependency groups."""
    venv = build(STACK / f"tool-{groups.replace(',', '-')}", None, groups.split(","))
    os.environ["PATH"] = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    os.execvp(words[0], words)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python3 -m development.stack", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, what in (
        ("up", "have an instance running; safe to repeat"),
        ("down", "stop one instance, or all"),
        ("exec", "run a command in an instance's environment"),
        ("env", "print an instance's environment as shell exports"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("version", nargs="?" if name == "down" else None, default="")
        command.add_argument("--database", choices=("postgresql", "mysql"), default="postgresql")
        command.add_argument("--data", choices=tuple(dumps.BASE), default="sample")
        if name == "up":
            command.add_argument("--fresh", action="store_true", help="make a new live database")
    commands.add_parser("status", help="show all instances")
    commands.add_parser("databases", help="renew the dumps that the repository keeps")
    command = commands.add_parser(
        "tool", help="run a command with dependency groups, without Nautobot"
    )
    command.add_argument("groups", help="names from pyproject.toml, separated by commas")
    return top


def main(words: list[str]) -> None:
    """Run the command line."""
    words, _, rest = _split(words)
    asked = parser().parse_args(words)
    if asked.command == "status":
        status()
    elif asked.command == "databases":
        make_databases()
    elif asked.command == "tool":
        tool(asked.groups, rest)
    elif asked.command == "down":
        down(list(iter_instances(asked.version)))
    else:
        instance = Instance(asked.version, asked.database, get_installation_kind(asked.data))
        if asked.command == "up":
            up(instance, asked.data, fresh=asked.fresh)
        elif asked.command == "exec":
            execute(instance, rest)
        else:
            print_env(instance)


def _split(words: list[str]) -> tuple[list[str], str, list[str]]:
    """Our own words and, after "--", those of the command to run."""
    place = words.index("--") if "--" in words else len(words)
    return words[:place], "--", words[place + 1 :]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StackError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
