"""Runs that are killed at a random moment: ``make test-kills``."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from django.db import connection

from nautobot_upgrade_jobs.snapshot.file_format import load
from nautobot_upgrade_jobs.workflows.capture import capture
from tests.support.nautobot import rows_of_every_table

pytestmark = pytest.mark.network
KILLS = int(os.environ.get("KILLS", "200"))
SEED = int(os.environ.get("KILLS_SEED", "18"))
MARK = "KILLED_RUN"
"""An environment variable by which a run's processes are found."""
COMMANDS = [
    ["preflight", "--target", "3.2.7"],
    ["preflight", "--no-build"],
    ["snapshot"],
    ["verify", "--before", "BEFORE"],
    ["rollback", "--to", "BEFORE"],
]


def test_killed_runs_leave_nothing(clone, tmp_path):
    chance = random.Random(SEED)
    with clone("sample") as name:
        captured = capture(lambda topic: None)
        (tmp_path / captured.name).write_bytes(captured.data)
        runs = Runs(tmp_path, name, str(tmp_path / captured.name))
        durations = [runs.measure(words) for words in COMMANDS]
        before = everything()
        for number in range(KILLS):
            which = number % len(COMMANDS)
            ending = chance.choice((signal.SIGKILL, signal.SIGTERM))
            moment = chance.uniform(0, durations[which])
            runs.kill(COMMANDS[which], ending, moment)
            context = f"{COMMANDS[which]} {ending.name} after {moment:.2f} s"
            assert not runs.processes(), context
            assert not runs.broken_files(), context
        assert everything() == before
        for words in COMMANDS:
            runs.measure(words)
        assert list(runs.scratch.iterdir()) == []
        assert not runs.unfinished_files()


class Runs:
    """Runs of the command on one database, with folders of their own."""

    def __init__(self, folder, database, snapshot):
        self.scratch, self.output = folder / "scratch", folder / "output"
        self.scratch.mkdir()
        self.output.mkdir(mode=0o700)
        self.snapshot = snapshot
        self.environment = {
            **os.environ,
            "NAUTOBOT_DB_NAME": database,
            "TMPDIR": str(self.scratch),
            MARK: str(folder),
        }

    def start(self, words):
        words = [self.snapshot if word == "BEFORE" else word for word in words]
        return subprocess.Popen(
            ["nautobot-server", "upgrade_jobs", *words, "--output", str(self.output)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def measure(self, words):
        """Return the seconds of a run that is not killed."""
        began = time.monotonic()
        assert self.start(words).wait(300) in (0, 2, 3)
        return time.monotonic() - began

    def kill(self, words, ending, moment):
        process = self.start(words)
        time.sleep(moment)
        process.send_signal(ending)
        process.wait(60)

    def processes(self):
        """Return the processes that are left after ten seconds."""
        deadline = time.monotonic() + 10
        while (left := list(self._processes())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def _processes(self):
        mark = f"{MARK}={self.environment[MARK]}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    yield (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # It has ended.
                continue

    def broken_files(self):
        """Return the files under a final name that are not complete."""
        return [path.name for path in self.output.iterdir() if not is_complete(path)]

    def unfinished_files(self):
        return [path.name for path in self.output.iterdir() if path.name.startswith(".")]


def is_complete(path):
    if path.name.startswith("."):  # An unfinished file, which the next run removes.
        return True
    try:
        if path.name.endswith(".json.gz") and path.name.startswith("snapshot-"):
            load(path.read_bytes())
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".html":
            return path.read_text().rstrip().endswith("</html>")
    except Exception:  # noqa: BLE001 - any error means that a part is missing
        return False
    return path.stat().st_size > 0


def everything():
    """Return all rows, the sessions that are left, and the large objects."""
    with connection.cursor() as cursor:
        rows = rows_of_every_table(cursor)
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nautobot-upgrade-jobs'"
            " AND datname = current_database()"
        )
        return rows, cursor.fetchone()[0]
