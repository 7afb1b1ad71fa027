"""Packages of Debian or Ubuntu, for what there is no wheel of."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from .process import StackError, log_message, run


def ensure(packages: Sequence[str], what: str) -> None:
    """Have packages installed.

    Args:
        packages: Their names.
        what: What needs them, for people.

    Raises:
        StackError: This is no Debian, or they are missing and this is not root.
    """
    if shutil.which("dpkg-query") is None:
        raise StackError(f"{what} needs Debian or Ubuntu (no dpkg here)")
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0:
        raise StackError(f"{what} needs packages; as root: apt-get install {' '.join(missing)}")
    log_message(f"installing {' '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], env=quiet)
    run(["apt-get", "install", "-qy", "--no-install-recommends", *missing], env=quiet)


def _is_installed(name: str) -> bool:
    query = ["dpkg-query", "-W", "-f", "${Status}\n", name]
    shown = subprocess.run(query, capture_output=True, text=True)
    return shown.stdout.strip() == "install ok installed"
