"""Inspect the host of an installation: container, services, and the place of the environment.

Only Docker's name server is asked, and only in a container whose name server it is. Neither Django
nor Nautobot is needed.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..facts import Deployment
from ..facts.deployment import ReleaseFolder, ServiceUnit
from .compose_names import find_compose_services
from .named_pythons import find_install_script, find_named_pythons
from .release_link import find_symbolic_links
from .systemd_units import find_service_units, unit_folders

CONTAINER_MARKERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
SYSTEMD_FOLDER = Path("/run/systemd/system")
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ENVIRONMENT_ENTRIES = frozenset(
    ("bin", "etc", "include", "lib", "lib64", "man", "pyvenv.cfg", "share", ".gitignore")
)
"""Entries of a virtual environment. All other entries of its folder are the operator's."""
HOST_PYTHON = Path("/usr/bin/python3")
PATH_SETTINGS = ("MEDIA_ROOT", "JOBS_ROOT", "GIT_ROOT")
"""Settings that name folders of the operator."""
USUAL_FILES = ("uwsgi.ini", "gunicorn.py", "local_requirements.txt")
"""Files of the operator that Nautobot's guides place next to the release."""


@dataclass(frozen=True)
class Place:
    """Where an installation is, and what its configuration names."""

    prefix: Path
    """The folder of the environment."""
    release: str
    """The installed release of Nautobot."""
    code: Path
    """The folder of Nautobot's package."""
    has_own_environment: bool
    """Whether the environment is a virtual one."""
    root: str
    """``NAUTOBOT_ROOT``. Empty if it is not set."""
    configured_paths: tuple[str, ...]
    """The configuration itself, and the folders of media, Jobs and clones."""
    media_root: str
    static_root: str
    """The folder that ``post_upgrade`` fills."""
    server_hosts: tuple[str, ...] = ()
    """Hosts of the database and of the cache."""


def inspect_host(place: Place, stated: Mapping[str, tuple[str, ...]]) -> Deployment:
    """Inspect the host, the container and the place of the environment.

    Args:
        place: The installation.
        stated: The setting ``deployment``.
    """
    homes = _home_folders(place)
    units = find_service_units(homes, unit_folders())
    links = find_symbolic_links(_names_of_environment(place.prefix, units), place.release)
    checkout = place.code.resolve().parent
    container = _is_container()
    pod = platform.node() if os.environ.get("KUBERNETES_SERVICE_HOST") else ""
    return Deployment(
        host=platform.node(),
        has_own_environment=place.has_own_environment,
        root=place.root,
        container=bool(pod) or container,
        systemd=SYSTEMD_FOLDER.is_dir(),
        units=units,
        checkout=str(checkout) if (checkout / ".git").exists() else "",
        release=_inspect_release(Path(links.release), place) if links.release else None,
        other_link=links.other,
        pod=pod,
        namespace=_read_namespace(),
        compose_services=tuple(find_compose_services(place.server_hosts)) if container else (),
        named_pythons=tuple(find_named_pythons(_service_files(units, homes))),
        install_script=find_install_script((*homes, checkout), HOST_PYTHON),
        stated=dict(stated),
    )


def _service_files(units: Iterable[ServiceUnit], homes: Iterable[Path]) -> Iterator[Path]:
    yield from dict.fromkeys(Path(unit.file) for unit in units)
    yield from dict.fromkeys(home / name for home in homes for name in USUAL_FILES)


def _is_container() -> bool:
    """Return whether a container engine started this process. Podman and LXC set the variable."""
    engine = os.environ.get("container")  # noqa: SIM112 - the name in systemd and Podman
    return bool(engine) or any(map(Path.exists, CONTAINER_MARKERS))


def _names_of_environment(prefix: Path, units: Iterable[ServiceUnit]) -> tuple[Path, ...]:
    """Return the paths by which this process and the units name the environment.

    The scripts of an environment name the folder in which it was created, not the link to it.
    """
    programs = (Path(unit.program) for unit in units)
    named = (program.parent.parent for program in programs if program.parent.name == "bin")
    return (prefix, *(name for name in named if name.resolve() == prefix.resolve()))


def _home_folders(place: Place) -> tuple[Path, ...]:
    return (place.prefix, Path(place.root)) if place.root else (place.prefix,)


def _inspect_release(link: Path, place: Place) -> ReleaseFolder:
    """List what the operator has put into the folder of the release."""
    folder, prefix = link.resolve(), place.prefix
    own = {_relative(path, folder) for path in map(Path, place.configured_paths)}
    own |= {name for name in USUAL_FILES if (folder / name).exists()}
    if prefix.resolve() == folder:
        own |= {entry.name for entry in folder.iterdir()} - ENVIRONMENT_ENTRIES
    own -= {"", _relative(Path(place.static_root or "/"), folder)}  # post_upgrade fills it.
    environment = "" if prefix.resolve() == folder else _relative(prefix, folder)
    return ReleaseFolder(str(link), str(folder), environment, tuple(sorted(_outermost(own))))


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
