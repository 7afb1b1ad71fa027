"""One instance of the stack: a Nautobot version on one database engine; its folders, its state."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import mysql, postgres
from .process import Process, StackError, is_alive, locked
from .venvs import REPOSITORY, STACK, build_nautobot, cache_directory

TOKEN = "0123456789abcdef0123456789abcdef01234567"  # well known, for loopback only
LOGIN = "admin"

Server = postgres.Postgres | mysql.MySQL


@dataclass(frozen=True)
class Apps:
    """The additional Apps of an installation."""

    requirements: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    """Files of this folder that are appended to its nautobot_config.py."""


GOLDEN = ("nautobot_plugin_nornir", "nautobot_golden_config", "nautobot_ssot")
LIFECYCLE = "nautobot_device_lifecycle_mgmt"
APPS = {
    ("", "2"): Apps(),
    ("", "3"): Apps(),
    # An App that becomes a part of Nautobot 3.0.
    ("demo", "2"): Apps(
        ("nautobot-data-validation-engine>=3.4,<4",),
        ("nautobot_data_validation_engine",),
        ("demo_config.py",),
    ),
    ("apps", "2"): Apps(
        (
            "nautobot-golden-config==2.6.4",
            "nautobot-ssot==3.12.6",
            "nautobot-device-lifecycle-mgmt==3.2.4",
        ),
        (*GOLDEN, LIFECYCLE),
        ("apps_config.py",),
    ),
    # nautobot-contract-models has no release for 2.4.
    ("apps", "3"): Apps(
        (
            "nautobot-golden-config==3.0.8",
            "nautobot-ssot==4.7.0",
            "nautobot-device-lifecycle-mgmt==4.2.1",
            "nautobot-contract-models==2026.5.17",
        ),
        (*GOLDEN, LIFECYCLE, "nautobot_contract_models"),
        ("apps_config.py",),
    ),
}
"""By kind of installation and major version of Nautobot."""


@dataclass(frozen=True)
class Instance:
    """The identity of an instance; everything else is derived from it."""

    version: str
    engine: str = "postgresql"
    kind: str = ""
    """Kind of installation: without other Apps, that of the demo, or one with common Apps."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[23]\.\d+\.\d+([abrc.dev]+\d+)?", self.version):
            raise StackError(f"{self.version!r} is not a full Nautobot version such as 3.2.7")
        if self.kind and self.engine != "postgresql":
            raise StackError(f"--data {self.kind} is for PostgreSQL")
        if (self.kind, self.version[0]) not in APPS:
            raise StackError(f"--data {self.kind} is not for Nautobot {self.version[0]}.x")

    @property
    def name(self) -> str:
        """The name of its folder."""
        return "-".join(filter(None, (self.version, self.engine, self.kind)))

    @property
    def folder(self) -> Path:
        """The folder of the instance."""
        return STACK / self.name

    @property
    def venv(self) -> Path:
        """Its virtual environment."""
        return self.folder / "venv"

    @property
    def root(self) -> Path:
        """Its NAUTOBOT_ROOT."""
        return self.folder / "root"

    @property
    def logs(self) -> Path:
        """The folder of the logs of its servers."""
        return self.folder / "log"

    @property
    def apps(self) -> Apps:
        """Its additional Apps."""
        return APPS[self.kind, self.version[0]]

    @property
    def data(self) -> str:
        """The template of its usual data."""
        return self.kind or "sample"

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Hold the lock of the instance."""
        return locked(self.folder / "lock")

    def build(self) -> None:
        """Create its virtual environment and folders."""
        groups = ["live", "mysql"] if self.engine == "mysql" else ["live"]
        if self.engine == "mysql":
            mysql.prepare_machine(cache_directory())
        build_nautobot(self.venv, self.version, groups, self.apps.requirements)
        for name in ("jobs", "media", "static", "git"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "work").mkdir(mode=0o700, exist_ok=True)
        self._write_files()

    def _write_files(self) -> None:
        """Write the configuration and Jobs of the instance, if they differ.

        A test that runs at the same time may prove that no file changes.
        """
        source = REPOSITORY / "development"
        parts = ["nautobot_config.py", *self.apps.config]
        config = "\n".join((source / part).read_text() for part in parts)
        jobs = (source / "sample_jobs.py").read_text()
        for name, text in (("nautobot_config.py", config), ("jobs/sample_jobs.py", jobs)):
            path = self.root / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    def server(self) -> Server:
        """Its database server, aimed at the port in the state."""
        server: Server
        if self.engine == "mysql":
            server = mysql.MySQL(self.folder, self.logs, cache_directory())
        else:
            server = postgres.Postgres(self.folder, self.logs, self.venv)
        server.port = self.state().port("database")
        return server

    def state(self) -> State:
        """The state file."""
        return State.load(self.folder / "state.json")

    def env(self, database: str = "nautobot") -> dict[str, str]:
        """Return the environment variables of every process of this instance."""
        state = self.state()
        # Bytecode is wanted: without it every start compiles all of Nautobot again.
        dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "DJANGO_SETTINGS_MODULE")
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in dropped and not name.startswith(("NAUTOBOT_DB", "STACK_"))
        }
        own = {
            "VIRTUAL_ENV": str(self.venv),
            "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "NAUTOBOT_ROOT": str(self.root),
            "NAUTOBOT_CONFIG": str(self.root / "nautobot_config.py"),
            "NAUTOBOT_DB_NAME": database,
            "NAUTOBOT_REDIS_HOST": "127.0.0.1",
            "NAUTOBOT_REDIS_PORT": str(state.port("valkey")),
            "STACK_VERSION": self.version,
            "STACK_ENGINE": self.engine,
            "STACK_KIND": self.kind,
            "STACK_FOLDER": str(self.folder),
            "STACK_APPS": ",".join(self.apps.plugins),
            "STACK_WORK": str(self.folder / "work"),
            "STACK_URL": self.url,
            "STACK_LOGIN": LOGIN,
            "STACK_TOKEN": TOKEN,
        }
        return {**kept, **self.server().env(), **own}

    @property
    def url(self) -> str:
        """URL of its web process."""
        return f"http://127.0.0.1:{self.state().port('web')}"


def get_installation_kind(data: str) -> str:
    """Return the kind of installation that has this data."""
    return data if any(kind == data for kind, _ in APPS) else ""


class State:
    """A small JSON file with ports, processes, and the origin of the databases."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self.path = path
        self.values = values

    @classmethod
    def load(cls, path: Path) -> State:
        """Read the file; a missing or broken one is an empty state."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return cls(path, dict(json.loads(path.read_text())))
        return cls(path, {})

    def save(self, section: str, key: str, value: Any) -> None:
        """Change one value, on disk too; None removes it."""
        entries = self.values.setdefault(section, {})
        entries[key] = value
        if value is None:
            del entries[key]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.values, indent=2))
        temporary.rename(self.path)

    def forget(self, *sections: str) -> None:
        """Remove all values of sections, on disk too."""
        for section in sections:
            for key in list(self.values.get(section, {})):
                self.save(section, key, None)

    def get(self, section: str, key: str) -> Any:
        """One value, or None."""
        return self.values.get(section, {}).get(key)

    def port(self, name: str) -> int:
        """Return an assigned port, or 0."""
        return int(self.get("ports", name) or 0)

    def process(self, name: str) -> Process | None:
        """A process that we started and that still runs."""
        recorded = self.get("processes", name)
        if not recorded:
            return None
        process = Process(int(recorded[0]), str(recorded[1]))
        return process if is_alive(process) else None


def iter_instances(version: str = "") -> Iterator[Instance]:
    """Return all instances with a state, of one version or of any."""
    for path in sorted(STACK.glob("*/state.json")):
        found, engine, *kind = path.parent.name.split("-")
        if version in ("", found):
            yield Instance(found, engine, *kind)
