"""Collect the interpreter, the operating system and the environment."""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from ..facts import Runtime
from .context import Context

CONFIG_FILE = "nautobot_config.py"


def collect(_: Context) -> Runtime:
    """Inspect the running process."""
    return Runtime(
        nautobot=version("nautobot"),
        python=platform.python_version(),
        operating_system=_detect_operating_system(),
        prefix=sys.prefix,
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
