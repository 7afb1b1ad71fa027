"""Report the code that a process runs. A Celery control command queries it from every worker.

The App imports this module when a process starts. The module then records the installed code, which
is the code that the process runs, even if another release is installed later.
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
    """Describe the installed Nautobot and Apps.

    Returns:
        A digest of the Python files of Nautobot and the Apps, from the RECORD files; the version of
        each distribution; the time of the last installation in this environment, in UTC.
    """
    from django.conf import settings

    from ...upgrade.installed_packages import find_owning_package

    owners = [find_owning_package(module) for module in settings.PLUGINS]
    names = {"nautobot", *(owner.name for owner in owners if owner)}
    digest, versions = hashlib.sha256(), {}
    for name in sorted(names):
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        versions[name] = package.version
        digest.update("\n".join((name, package.version, *_read_python_hashes(package))).encode())
    return digest.hexdigest()[:16], versions, _get_last_install_time()


def _read_python_hashes(package: Distribution) -> list[str]:
    """Return the recorded hashes of Python files, without scripts, which contain its path."""
    lines = (package.read_text("RECORD") or "").splitlines()
    return sorted(line for line in lines if ".py,sha256=" in line and not line.startswith(".."))


def _get_last_install_time() -> str:
    times = []
    for package in distributions():
        path = getattr(package, "_path", None)
        if path is not None and path.exists():
            times.append(path.stat().st_mtime)
    return _format_timestamp(max(times, default=0))


def _format_timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def _get_process_start() -> float:
    """Return the start time of this process in seconds, or the current time if it is unknown."""
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
    """Return the code that this process runs and the code that is installed on its host."""
    on_disk, _, installed = describe_installed_code()
    return {
        "host": platform.node(),
        "started_at": STARTED,
        "loaded_digest": LOADED_DIGEST,
        "versions": VERSIONS,
        "on_disk_digest": on_disk,
        "installed_at": installed,
    }
