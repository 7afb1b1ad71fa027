"""Run a command as in a container with a memory limit: ``memory.py MIB COMMAND…``.

A program of its own, which needs nothing but Python. The kernel ends a container that exceeds its
limit at once, without a signal that the container could handle.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

KILLED = 137
INTERVAL_SECONDS = 0.05


def resident_mib(group: int) -> float:
    """Return the memory of all processes of a group."""
    pages = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                pages += int((folder / "statm").read_text().split()[1])
        except (OSError, IndexError):  # It has just ended.
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main(limit: int, command: list[str]) -> int:
    """Run the command. Return its exit code, or that of a killed container."""
    process = subprocess.Popen(command, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(process.pid, signal.SIGTERM))
    while process.poll() is None:
        if resident_mib(process.pid) > limit:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print("OOMKilled", flush=True)
            return KILLED
        time.sleep(INTERVAL_SECONDS)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
