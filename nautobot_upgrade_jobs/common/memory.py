"""Read how much memory this process may still use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
FILES = {
    "sys/fs/cgroup": ("memory.max", "memory.current"),
    "sys/fs/cgroup/memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""Limit and usage of a control group, in version 2 and version 1."""
GROUP = re.compile(r"^\d+:(?:[^:]*\bmemory\b[^:]*)?:/(.+)$", re.MULTILINE)
"""The control group of this process: that of version 2, or of the memory in version 1."""


def available_mebibytes(root: Path = Path("/")) -> int:
    """Return the memory that is available, in MiB. A container or a service can have less.

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
    for limit, usage in _list_limits(root):
        with suppress(OSError, ValueError):  # "max" is no number: there is no limit.
            available.append(int(limit.read_text()) - int(usage.read_text()))
    return max(0, min(available, default=0)) // MEBIBYTE


def _list_limits(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files with limit and usage of the control groups of this process, up to the root.

    A container sees its own group as the root. The group of a service is below it.
    """
    groups = [""]
    with suppress(OSError):
        for path in GROUP.findall(Path(root, "proc/self/cgroup").read_text()):
            parts = path.split("/")
            groups += ["/".join(parts[: number + 1]) for number in range(len(parts))]
    for folder, (limit, usage) in FILES.items():
        for group in dict.fromkeys(groups):
            yield Path(root, folder, group, limit), Path(root, folder, group, usage)
