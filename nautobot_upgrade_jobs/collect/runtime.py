"""Interpreter, operating system and deployment layout."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version
from pathlib import Path

import nautobot

from ..facts import Runtime
from . import Context

CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")


def collect(_: Context) -> Runtime:
    """Look at the running process."""
    container = any(Path(mark).exists() for mark in CONTAINER_MARKS)
    return Runtime(
        nautobot=version("nautobot"),
        python=platform.python_version(),
        operating_system=_operating_system(),
        layout=_layout(container),
        container=container,
        prefix=sys.prefix,
        link=_link(),
    )


def _operating_system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _layout(container: bool) -> str:
    """Tell how Nautobot came here; the first match counts."""
    package = Path(nautobot.__file__)
    if container and sys.prefix == sys.base_prefix:
        return "container image"
    if (package.resolve().parents[1] / ".git").exists():
        return "git checkout"
    if _link():
        return "release symlink"
    return "virtualenv" if sys.prefix != sys.base_prefix else "system"


def _link() -> str:
    """Return the symbolic link on the way to the environment; empty if there is none."""
    prefix = Path(sys.prefix)
    return next((str(path) for path in (prefix, *prefix.parents) if path.is_symlink()), "")
