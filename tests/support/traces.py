"""What other users of a machine see of a run, and what it stores meanwhile."""

import contextlib
import threading
from pathlib import Path
from unittest.mock import patch

from nautobot_upgrade_jobs.target import scratch_dir

INTERVAL_SECONDS = 0.02
PUBLIC_FOLDER = "site-packages"
"""What an index serves."""


@contextlib.contextmanager
def record_traces():
    """Yield what each process shows of itself, and the files of each scratch folder, by name.

    A folder is read when it is removed. Processes are listed all the time, so a process that ends
    at once can be missed.
    """
    found = {}
    remove = scratch_dir._remove

    def record_and_remove(folder):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink() and PUBLIC_FOLDER not in path.parts:
                found[f"scratch folder: {path.relative_to(folder)}"] = path.read_bytes()
        remove(folder)

    ended = threading.Event()
    thread = threading.Thread(target=_record_commands, args=(found, ended), daemon=True)
    thread.start()
    try:
        with patch.object(scratch_dir, "_remove", record_and_remove):
            yield found
    finally:
        ended.set()
        thread.join()


def _record_commands(found, ended):
    while not ended.wait(INTERVAL_SECONDS):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                command = path.read_bytes()
                found[f"process list: {command[:80]!r} {hash(command)}"] = command
