"""Collect the interpreter, the operating system and the deployment layout."""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import nautobot
from django.conf import settings

from ..facts import Runtime
from .context import Context
from .support.release_link import SymbolicLinks, find_symbolic_links

CONFIG_FILE = "nautobot_config.py"
CONTAINER_MARKER_FILES = ("/.dockerenv", "/run/.containerenv")


def collect(_: Context) -> Runtime:
    """Inspect the running process."""
    links = find_symbolic_links(Path(sys.prefix), version("nautobot"))
    container = any(Path(marker).exists() for marker in CONTAINER_MARKER_FILES)
    return Runtime(
        nautobot=version("nautobot"),
        python=platform.python_version(),
        operating_system=_detect_operating_system(),
        layout=_detect_layout(container, links),
        container=container,
        prefix=sys.prefix,
        symlink=links.release,
        other_symlink=links.other,
        today=datetime.now(timezone.utc).date().isoformat(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        config_file=_detect_config_file(),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
    )


def _detect_config_file() -> str:
    """Return the path of the configuration, if the commands of a plan would not find it."""
    used, root = Path(settings.SETTINGS_PATH), os.environ.get("NAUTOBOT_ROOT")
    is_usual = bool(root) and used.resolve() == Path(str(root), CONFIG_FILE).resolve()
    return "" if is_usual else str(used.absolute())


def _detect_operating_system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _detect_layout(container: bool, links: SymbolicLinks) -> str:
    """Return how Nautobot is installed: the first layout that matches."""
    package = Path(nautobot.__file__)
    if container and sys.prefix == sys.base_prefix:
        return "container image"
    if (package.resolve().parents[1] / ".git").exists():
        return "git checkout"
    if links.release:
        return "release symlink"
    if links.other:
        return "unknown"
    return "virtualenv" if sys.prefix != sys.base_prefix else "system"
