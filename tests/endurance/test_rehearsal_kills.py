"""A rehearsal that is killed in each of its stages leaves nothing, and proves nothing.

The target is the installed release, so that each stage is short.
"""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.rehearsing import find_processes, wait_until

pytestmark = pytest.mark.network

STAGES = (
    *("target", "copy", "current", "prediction", "backup", "upgrade", "verification"),
    *("pages", "restore"),
)
"""There is nothing to reverse."""


@pytest.fixture(scope="module")
def place():
    """A folder on a disk that the account of the server can enter."""
    folder = Path("/var/tmp") / f"rehearsal-kills-{os.getpid()}"
    folder.mkdir(mode=0o711)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def start(instance, place, output):
    words = [sys.executable, "-m", "nautobot_upgrade_jobs", "rehearse"]
    words += ["--config", os.environ["NAUTOBOT_CONFIG"], "--python", sys.executable]
    words += ["--target", instance.version, "--directory", str(place)]
    return subprocess.Popen(
        [*words, "--output", str(output)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(place)},
        text=True,
    )


def follow(process):
    """Yield each stage with the time at which it began."""
    for line in process.stderr:
        if found := re.match(r"Stage \d+ of \d+, (\w+)", line):
            yield found[1], time.monotonic()


@pytest.fixture(scope="module")
def durations(instance, place):
    """Return the seconds of each stage of a complete rehearsal."""
    process = start(instance, place, place / "output" / "whole")
    begun = [*follow(process), ("end", time.monotonic())]
    assert process.wait() in (0, 2, 3)
    return {name: after - at for (name, at), (_, after) in pairwise(begun)}


def find_copies(place):
    return list(place.glob("*/data"))


@pytest.mark.parametrize("part", [0.0, 0.5], ids=["at its start", "in its middle"])
@pytest.mark.parametrize("stage", STAGES)
def test_rehearsal_killed_in_a_stage_leaves_nothing(instance, place, durations, stage, part):
    output = place / "output" / f"{stage}-{part}"
    process = start(instance, place, output)
    for name, _ in follow(process):
        if name == stage:
            break
    time.sleep(part * durations[stage])
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    wait_until(lambda: not find_processes(place) and not find_copies(place))
    assert not output.exists() or list(output.iterdir()) == []
