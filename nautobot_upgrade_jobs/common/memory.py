"""Read how much memory this process may still use."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
CGROUPS = (
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    (
        "sys/fs/cgroup/memory/memory.limit_in_bytes",
        "sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Limit and usage of a container, in version 2 and version 1 of control groups."""


def available_mebibytes(root: Path = Path("/")) -> int:
    """Return the memory that is available, in MiB. A container can have less than its host.

    Files that the kernel caches count as used in a container, so the result can be too small.

    Args:
        root: The root of the file system.

    Returns:
        Zero if the system does not report it.
    """
    available = []
    with suppress(OSError):
        if found := re.search(r"MemAvailable:\s+(\d+)", Path(root, "proc/meminfo").read_text()):
            available.append(int(found[1]) * KIBIBYTE)
    for limit, usage in CGROUPS:
        with suppress(OSError, ValueError):  # "max" is no number: there is no limit.
            available.append(
                int(Path(root, limit).read_text()) - int(Path(root, usage).read_text())
            )
    return max(0, min(available, default=0)) // MEBIBYTE
