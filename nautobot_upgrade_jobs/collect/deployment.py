"""Collect how this Nautobot is deployed, from files and variables.

Only Docker's name server is asked, and only in a container whose name server it is.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nautobot
from django.conf import settings

from ..facts import Deployment
from ..facts.deployment import ReleaseFolder, ServiceUnit
from .context import Context
from .support.compose_names import find_compose_services
from .support.named_pythons import find_install_script, find_named_pythons
from .support.release_link import find_symbolic_links
from .support.systemd_units import find_service_units, unit_folders

APP = "nautobot_upgrade_jobs"
CONTAINER_MARKERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
SYSTEMD_FOLDER = Path("/run/systemd/system")
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ENVIRONMENT_ENTRIES = frozenset(
    ("bin", "etc", "include", "lib", "lib64", "man", "pyvenv.cfg", "share", ".gitignore")
)
"""Entries of a virtual environment. All other entries of its folder are the operator's."""
HOST_PYTHON = Path("/usr/bin/python3")
PATH_SETTINGS = ("SETTINGS_PATH", "MEDIA_ROOT", "JOBS_ROOT", "GIT_ROOT")
USUAL_FILES = ("uwsgi.ini", "gunicorn.py", "local_requirements.txt")
"""Files of the operator that Nautobot's guides place next to the release."""


def collect(_: Context) -> Deployment:
    """Inspect the host, the container and the place of the environment."""
    prefix = Path(sys.prefix)
    units = find_service_units(_home_folders(prefix), unit_folders())
    links = find_symbolic_links(_names_of_environment(prefix, units), version("nautobot"))
    checkout = Path(nautobot.__file__).resolve().parents[1]
    container = _is_container()
    pod = platform.node() if os.environ.get("KUBERNETES_SERVICE_HOST") else ""
    return Deployment(
        host=platform.node(),
        has_own_environment=sys.prefix != sys.base_prefix,
        root=os.environ.get("NAUTOBOT_ROOT", ""),
        container=bool(pod) or container,
        systemd=SYSTEMD_FOLDER.is_dir(),
        units=units,
        checkout=str(checkout) if (checkout / ".git").exists() else "",
        release=_inspect_release(Path(links.release), prefix) if links.release else None,
        other_link=links.other,
        pod=pod,
        namespace=_read_namespace(),
        compose_services=tuple(find_compose_services(_server_hosts())) if container else (),
        named_pythons=tuple(find_named_pythons(_service_files(units, _home_folders(prefix)))),
        install_script=find_install_script((*_home_folders(prefix), checkout), HOST_PYTHON),
        stated=read_setting(),
    )


def _service_files(units: Iterable[ServiceUnit], homes: Iterable[Path]) -> Iterator[Path]:
    yield from dict.fromkeys(Path(unit.file) for unit in units)
    yield from dict.fromkeys(home / name for home in homes for name in USUAL_FILES)


def _is_container() -> bool:
    """Return whether a container engine started this process. Podman and LXC set the variable."""
    engine = os.environ.get("container")  # noqa: SIM112 - the name in systemd and Podman
    return bool(engine) or any(map(Path.exists, CONTAINER_MARKERS))


def _server_hosts() -> Iterator[str]:
    """Yield the hosts of the database and of the cache."""
    yield str(settings.DATABASES["default"].get("HOST") or "")
    location = settings.CACHES["default"].get("LOCATION")
    if isinstance(location, str):
        yield urlsplit(location).hostname or ""


def _names_of_environment(prefix: Path, units: Iterable[ServiceUnit]) -> tuple[Path, ...]:
    """Return the paths by which this process and the units name the environment.

    The scripts of an environment name the folder in which it was created, not the link to it.
    """
    programs = (Path(unit.program) for unit in units)
    named = (program.parent.parent for program in programs if program.parent.name == "bin")
    return (prefix, *(name for name in named if name.resolve() == prefix.resolve()))


def _home_folders(prefix: Path) -> tuple[Path, ...]:
    root = os.environ.get("NAUTOBOT_ROOT")
    return (prefix, Path(root)) if root else (prefix,)


def _inspect_release(link: Path, prefix: Path) -> ReleaseFolder:
    """List what the operator has put into the folder of the release."""
    folder = link.resolve()
    own = {_relative(path, folder) for path in map(_configured_path, PATH_SETTINGS)}
    own |= {name for name in USUAL_FILES if (folder / name).exists()}
    if prefix.resolve() == folder:
        own |= {entry.name for entry in folder.iterdir()} - ENVIRONMENT_ENTRIES
    own -= {"", _relative(_configured_path("STATIC_ROOT"), folder)}  # post_upgrade fills it.
    environment = "" if prefix.resolve() == folder else _relative(prefix, folder)
    return ReleaseFolder(str(link), str(folder), environment, tuple(sorted(_outermost(own))))


def _configured_path(setting: str) -> Path:
    return Path(str(getattr(settings, setting, None) or "/"))


def _relative(path: Path, folder: Path) -> str:
    """Return the path relative to the folder. Empty if it is elsewhere or does not exist."""
    real = path.resolve()
    return str(real.relative_to(folder)) if folder in real.parents and real.exists() else ""


def _outermost(paths: Iterable[str]) -> set[str]:
    """Return the paths that are not inside another one."""
    names = set(paths)
    return {name for name in names if names.isdisjoint(map(str, Path(name).parents))}


def _read_namespace() -> str:
    try:
        return NAMESPACE_FILE.read_text("utf-8").strip()
    except OSError:
        return ""


def read_setting() -> dict[str, tuple[str, ...]]:
    """Return the setting ``deployment``. Its validity is checked where all settings are."""
    stated: Any = (getattr(settings, "PLUGINS_CONFIG", {}).get(APP) or {}).get("deployment")
    if not isinstance(stated, Mapping):
        return {}
    return {
        str(name): tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
        for name, value in stated.items()
    }
