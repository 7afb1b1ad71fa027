"""Read an installation from outside: its interpreter, its packages and its configuration."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..common.errors import UsageError
from ..deployment.host import PATH_SETTINGS, Place, inspect_host
from ..facts import Deployment
from ..facts.apps import App, Apps
from ..facts.packages import Package, Packages
from ..upgrade.installed_packages import find_owning_package_in, list_installed_packages
from .isolation import LiveDatabase

PROBE = Path(__file__).parents[1] / "probes" / "installed.py"
PROBE_SECONDS = 120
CORE = "nautobot"
NAME = re.compile(r"[A-Za-z_]\w*")
NO_ESCAPE = re.compile(r"(?!)()")
ESCAPES = {"": re.compile(r"\\(.)"), '"': re.compile(r'\\(["\\$`])')}
"""Escaped characters in a file of variables, by the quote of the value. Source: systemd.exec(5)."""
INTERPRETERS = ("bin/python3", "bin/python", "venv/bin/python3", "venv/bin/python")
NOT_FOR_THE_CLIENT = {"assume_role", "isolation_level", "pool", "server_side_binding"}
"""Options of a database that Django itself uses."""
CLIENT_NAMES = {
    "postgresql": {"NAME": "dbname", "USER": "user", "PASSWORD": "password"},
    "mysql": {"NAME": "database", "USER": "user", "PASSWORD": "password"},
}
"""Names of the client library for the values of a database, by vendor."""


@dataclass(frozen=True)
class Installation:
    """An installation of any release, as its own interpreter describes it."""

    python: str
    """Version of the interpreter, such as ``3.8.19``. Empty if only the database is known."""
    prefix: str
    """The folder of the environment."""
    interpreter: str
    """Path of the interpreter. Empty if only the database is known."""
    site_paths: tuple[str, ...]
    """The folders with its packages."""
    config: str
    """Path of the configuration."""
    settings: frozenset[str]
    """Names of the settings that the configuration sets to other values than Nautobot does."""
    packages: Packages
    apps: Apps
    database: LiveDatabase = field(repr=False)
    place: Place | None = None
    """Where it is on this host. None if only the database is known."""
    releases: tuple[str, ...] = ()
    """Releases that the database can be of. Empty if the environment of the installation is known.
    """
    is_between_releases: bool = False
    """Whether the database has more migrations than ``releases``, and fewer than the next ones."""
    unnamed_apps: tuple[str, ...] = ()
    """Labels of Apps that the database records and the operator has not named."""

    has_configuration: bool = True
    """Whether the configuration is that of the installation, and not one of this tool."""
    deployment: Deployment | None = None
    """How it is deployed on this host. None if only the database is known."""
    environment_file: str = ""
    """The file of variables that was read for it. Empty if there was none."""

    def name_by_link(self, path: str) -> str:
        """Return a path by the symbolic link that leads to the release, if there is one."""
        release = self.deployment.release if self.deployment else None
        if release and path.startswith(f"{release.folder}/"):
            return f"{release.link}{path.removeprefix(release.folder)}"
        return path

    @property
    def release(self) -> str:
        """The installed release of Nautobot."""
        return next(each.version for each in self.packages.installed if each.name == CORE)


def find_python(config: str) -> str:
    """Return the interpreter next to a configuration, as the documentation of Nautobot places it.

    Raises:
        UsageError: There is none, or the configuration does not exist.
    """
    _require_file(config)
    folder = Path(config).absolute().parent
    python = next((folder / path for path in INTERPRETERS if (folder / path).exists()), None)
    if python is None:
        raise UsageError(
            f"--python: no interpreter is in {folder}/bin or {folder}/venv/bin. Name the Python of "
            "the environment in which Nautobot is installed."
        )
    return str(python)


def _require_file(config: str) -> None:
    if not os.path.isfile(config):
        raise UsageError(f"--config: {config} is not a file that this user may read.")


def read_environment_file(file: Path) -> dict[str, str]:
    """Return the variables of a file, as systemd reads them. The word ``export`` is ignored.

    Raises:
        UsageError: The file cannot be read, or a line is no assignment. The line is not quoted,
            because it can contain a secret.
    """
    try:
        lines = file.read_text("utf-8").replace("\\\n", "").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--env-file: {file} cannot be read: {type(error).__name__}.") from None
    variables = {}
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith(("#", ";")):
            continue
        name, separator, value = text.partition("=")
        if not separator or not NAME.fullmatch(name.strip()):
            raise UsageError(f"--env-file: line {number} of {file} is not NAME=value.")
        value = value.strip()
        if "\0" in value:
            raise UsageError(f"--env-file: line {number} of {file} has a zero byte.")
        quote = value[:1] if value[:1] in ("'", '"') else ""
        if quote and (len(value) == 1 or not value.endswith(quote)):
            raise UsageError(f"--env-file: line {number} of {file} has no closing quote.")
        text = value[1:-1] if quote else value
        variables[name.strip()] = ESCAPES.get(quote, NO_ESCAPE).sub(r"\1", text)
    return variables


def read_installation(python: str, config: str) -> Installation:
    """Describe an installation with its own interpreter, in the environment of this process.

    Args:
        python: The interpreter of the installation.
        config: Path of the configuration.

    Raises:
        UsageError: The interpreter or the configuration cannot be used. Nothing was changed.
    """
    _require_file(config)
    said = _run_probe(python, config)
    packages = Packages(list_installed_packages(said["paths"]))
    if CORE not in (each.name for each in packages.installed):
        raise UsageError(f"--python: {python} has no Nautobot in its environment.")
    if said["config_error"]:
        raise UsageError(
            f"--config: {config} cannot be loaded: {said['config_error']}. If the service sets "
            "variables for it, name their file with --env-file."
        )
    place = _build_place(said, config, packages)
    return Installation(
        python=said["python"],
        prefix=said["prefix"],
        interpreter=os.path.abspath(python),
        site_paths=tuple(said["paths"]),
        config=str(Path(config).absolute()),
        settings=frozenset(said["settings"]),
        packages=packages,
        apps=Apps(
            tuple(_build_app(name, limits, said["paths"]) for name, limits in said["apps"].items()),
            {name: tuple(names) for name, names in said["plugins_config"].items()},
        ),
        database=build_live_database((said["values"].get("DATABASES") or {}).get("default") or {}),
        place=place,
        deployment=inspect_host(place, {}),
    )


def _build_place(said: Mapping[str, Any], config: str, packages: Packages) -> Place:
    values = said["values"]
    return Place(
        prefix=Path(said["prefix"]),
        release=next(each.version for each in packages.installed if each.name == CORE),
        code=Path(said["code"]),
        has_own_environment=said["has_own_environment"],
        root=os.environ.get("NAUTOBOT_ROOT") or str(values.get("NAUTOBOT_ROOT") or ""),
        configured_paths=(
            str(Path(config).absolute()),
            *(str(values[name]) for name in PATH_SETTINGS if values.get(name)),
        ),
        media_root=str(values.get("MEDIA_ROOT") or ""),
        static_root=str(values.get("STATIC_ROOT") or ""),
        server_hosts=tuple(_list_hosts(values)),
    )


def _list_hosts(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the hosts of the database and of the cache."""
    for block in ("DATABASES", "CACHES"):
        default = (values.get(block) or {}).get("default") or {}
        if host := default.get("HOST"):
            yield str(host)
        if isinstance(location := default.get("LOCATION"), str):
            with contextlib.suppress(ValueError):  # It is no URL, and can contain a password.
                yield urlsplit(location).hostname or ""


def _run_probe(python: str, config: str) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that the operator names
            [python, str(PROBE), str(Path(config).absolute())],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            check=False,
        )
        said: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
        if not isinstance(said, dict):
            raise ValueError("no document")
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"--config: {config} was not loaded within {PROBE_SECONDS} seconds."
        ) from None
    except OSError as error:
        raise UsageError(f"--python: {python} cannot be run: {error.strerror}.") from None
    except ValueError:
        # What it has printed can contain a secret of the configuration.
        raise UsageError(
            f"--python: {python} did not describe itself (exit code {done.returncode}). Run it "
            f"yourself: {python} {config}"
        ) from None
    return said


def _build_app(module: str, limits: Mapping[str, str], site_paths: Sequence[str]) -> App:
    package = find_owning_package_in(site_paths, module)
    return App(
        module=module,
        label=module.rpartition(".")[2],
        distribution=package.name if package else "",
        version=package.version if package else limits.get("version", ""),
        nautobot_requirements=tuple(_list_nautobot_specifiers(package)),
        requires_python=package.requires_python if package else "",
        min_version=limits.get("min_version", ""),
        max_version=limits.get("max_version", ""),
        conflicts=(),
        settings=(),
    )


def _list_nautobot_specifiers(package: Package | None) -> Iterator[str]:
    for line in package.requires if package else ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == CORE:
            yield str(requirement.specifier)


def build_live_database(entry: Mapping[str, Any]) -> LiveDatabase:
    """Return a database of ``DATABASES`` with the parameters of its client library.

    Raises:
        UsageError: The engine is neither PostgreSQL nor MySQL.
    """
    engine = str(entry.get("ENGINE", ""))
    vendor = next((name for name in CLIENT_NAMES if name in engine), "")
    if not vendor:
        raise UsageError(f"--config: the engine {engine or 'of DATABASES'} is not supported.")
    named = {new: entry[old] for old, new in CLIENT_NAMES[vendor].items() if entry.get(old)}
    given = entry.get("OPTIONS") or {}
    if not isinstance(given, Mapping):
        raise UsageError("--config: OPTIONS of the database is no dict.")
    options = {name: value for name, value in given.items() if name not in NOT_FOR_THE_CLIENT}
    host, port = str(entry.get("HOST") or ""), entry.get("PORT")
    socket = vendor == "mysql" and host.startswith("/")
    place: dict[str, Any] = {"unix_socket" if socket else "host": host} if host else {}
    if port and vendor == "mysql" and not str(port).isdecimal():
        raise UsageError("--config: PORT of the database is no number.")  # It can be a mix-up.
    if port:
        place["port"] = int(port) if vendor == "mysql" else str(port)
    return LiveDatabase(vendor, {**options, **named, **place})
