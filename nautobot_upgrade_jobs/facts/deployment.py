"""How this Nautobot is deployed, as its own process sees it and as the settings state it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["web", "worker", "beat"]


@dataclass(frozen=True)
class ServiceUnit:
    """A systemd unit that runs Nautobot."""

    name: str
    """Name of the unit, such as ``nautobot-worker.service``."""
    file: str
    role: Role
    user: str
    """Empty if the unit names no user; systemd then runs it as root."""
    program: str
    """The first word of ``ExecStart``."""
    environment_files: tuple[str, ...] = ()
    subcommand: str = ""
    """The command of ``nautobot-server`` that it runs, such as ``celery``. Empty if none."""


@dataclass(frozen=True)
class ReleaseFolder:
    """The folder of a release behind a symbolic link."""

    link: str
    """Such as ``/opt/nautobot``."""
    folder: str
    """The folder that the link leads to now, such as ``/opt/nautobot-2.4.44``."""
    environment: str = ""
    """Path of the environment in it, such as ``venv``. Empty if it is the environment."""
    own_files: tuple[str, ...] = ()
    """Files and folders of the operator in it, relative to it, such as ``media``."""


@dataclass(frozen=True)
class NamedPython:
    """A file of a service that names a minor version of Python."""

    file: str
    version: str
    """Such as ``3.9``."""


@dataclass(frozen=True)
class InstallScript:
    """Nautobot's ``install.sh`` next to the installation."""

    file: str
    python: str
    """Minor version of the host's own Python, which the script takes. Empty if unknown."""


@dataclass(frozen=True)
class ComposeService:
    """A server of the configuration that is a service of Docker Compose."""

    host: str
    """The host in the configuration, such as ``db``."""
    project: str
    name: str
    container: str
    """The name by which it was recognized, such as ``netops-db-1.netops_default``."""


@dataclass(frozen=True)
class Deployment:
    """The host, the services and the place of the environment."""

    host: str
    """Name of the host, of the container or of the pod."""
    has_own_environment: bool
    """Whether the process runs in a virtual environment."""
    root: str = ""
    """``NAUTOBOT_ROOT`` of this process. Empty if it is not set."""
    container: bool = False
    """Whether the process runs in a container that a container engine started."""
    systemd: bool = False
    """Whether systemd manages the services of this host."""
    units: tuple[ServiceUnit, ...] = ()
    checkout: str = ""
    """Folder of the Git checkout. Empty if Nautobot is not installed from one."""
    release: ReleaseFolder | None = None
    other_link: str = ""
    """Another symbolic link in the path of the environment. Empty if there is none."""
    pod: str = ""
    """Name of the pod. Empty outside Kubernetes."""
    namespace: str = ""
    """Namespace of the pod. Empty if unknown."""
    compose_services: tuple[ComposeService, ...] = ()
    """Servers in the network of this container. Empty outside of Docker Compose."""
    named_pythons: tuple[NamedPython, ...] = ()
    """Files of services that name a minor version of Python."""
    install_script: InstallScript | None = None
    stated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The setting ``deployment``. A single value is a tuple of one."""
