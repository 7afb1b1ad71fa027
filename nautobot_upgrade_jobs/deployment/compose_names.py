"""Recognize Docker Compose by the names of the containers in its network.

Docker's name server knows a container of Compose as ``project-service-1.project_network``. Compose
before version 2 separates the parts by underscores.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ..facts.deployment import ComposeService

NAME_SERVER = re.compile(r"^nameserver\s+127\.0\.0\.11\b", re.MULTILINE)
"""Address of Docker's name server in the network of a project."""
CONTAINER_NAME = re.compile(
    r"(?P<project>[a-z0-9][a-z0-9_-]{0,62})(?P<separator>[-_])(?P<service>[\w.-]{1,63})"
    r"(?P=separator)\d{1,4}\.(?P=project)_[\w.-]{1,63}"
)
RESOLV_CONF = Path("/etc/resolv.conf")
LONGEST_LOOKUP = 3.0
"""Seconds."""


def find_compose_services(
    hosts: Iterable[str],
    resolv_conf: Path = RESOLV_CONF,
    name_of: Callable[[str], str] | None = None,
) -> Iterator[ComposeService]:
    """Yield the services of Docker Compose that hosts are. None outside of Docker's networks.

    Args:
        hosts: Hosts of the configuration, such as ``db``.
        resolv_conf: File with the addresses of the name servers.
        name_of: Return the name that the name server has for a host. Empty if there is none.
    """
    if not NAME_SERVER.search(_read(resolv_conf)):
        return
    for host in dict.fromkeys(filter(None, hosts)):
        name = (name_of or _look_up)(host)
        found = CONTAINER_NAME.fullmatch(name)
        if found:
            yield ComposeService(host, found["project"], found["service"], name)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _look_up(host: str) -> str:
    """Return the name of the address of a host. Empty if there is none, or no answer in time."""
    names: list[str] = []

    def ask() -> None:
        with suppress(OSError):
            names.append(socket.gethostbyaddr(socket.gethostbyname(host))[0])

    # A lookup has no timeout of its own. The thread must not delay the end of the process.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(LONGEST_LOOKUP)
    return next(iter(names), "")
