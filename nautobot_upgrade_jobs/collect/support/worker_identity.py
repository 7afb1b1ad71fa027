"""Which code a process runs: asked of every worker by a Celery control command.

Loaded by the App when a process starts: what is installed then is what the process runs, whatever
is installed later.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from datetime import datetime, timezone
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

from celery.worker.control import inspect_command

COMMAND = "upgrade_jobs_identity"


def describe_installed_code() -> tuple[str, dict[str, str], str]:
    """Look at the installed Nautobot and Apps.

    Returns:
        A digest of their Python files, as their installer recorded them; the version of each
        distribution; and when anything in the environment was installed last, in UTC.
    """
    from django.conf import settings

    from .distributions import find_owning_package

    owners = [find_owning_package(module) for module in settings.PLUGINS]
    names = {"nautobot", *(owner.name for owner in owners if owner)}
    digest, versions = hashlib.sha256(), {}
    for name in sorted(names):
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = one.version
        digest.update("\n".join((name, one.version, *_read_python_hashes(one))).encode())
    return digest.hexdigest()[:16], versions, _get_last_install_time()


def _read_python_hashes(one: Distribution) -> list[str]:
    """Return the recorded hashes of Python files; scripts differ with the environment's folder."""
    lines = (one.read_text("RECORD") or "").splitlines()
    return sorted(line for line in lines if ".py,sha256=" in line and not line.startswith(".."))


def _get_last_install_time() -> str:
    moments = []
    for one in distributions():
        path = getattr(one, "_path", None)
        if path is not None and path.exists():
            moments.append(path.stat().st_mtime)
    return _format_timestamp(max(moments, default=0))


def _format_timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def _get_process_start() -> float:
    """Return when this process began, in seconds; where Linux does not tell, when it came here."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return time.time()


STARTED = _format_timestamp(_get_process_start())
LOADED_DIGEST, VERSIONS, _ = describe_installed_code()


@inspect_command(name=COMMAND)
def report_worker_identity(state: Any = None) -> dict[str, Any]:
    """Say which code this process runs, and which is installed where it runs."""
    on_disk, _, installed = describe_installed_code()
    return {
        "host": platform.node(),
        "started_at": STARTED,
        "loaded_digest": LOADED_DIGEST,
        "versions": VERSIONS,
        "on_disk_digest": on_disk,
        "installed_at": installed,
    }
