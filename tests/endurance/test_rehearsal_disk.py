"""A rehearsal on a disk that is too small, or that fills up: it says so, and proves nothing."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.rehearsing import find_processes, wait_until

pytestmark = pytest.mark.network

TARGET = "3.2.7"
MEBIBYTE = 1 << 20


@contextlib.contextmanager
def disk(mebibytes):
    """Mount a file as a disk. Yield a folder that the account of the server can enter."""
    place = Path("/var/tmp") / f"rehearsal-disk-{os.getpid()}"
    image = place.with_suffix(".image")
    place.mkdir(mode=0o711)
    try:
        with image.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, mebibytes * MEBIBYTE)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop", image, place], check=False)
        if mounted.returncode:
            pytest.skip("a file cannot be mounted here")
        folder = place / "own"
        folder.mkdir(mode=0o711)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", place], check=False)
        image.unlink(missing_ok=True)
        place.rmdir()


def start(place, output):
    words = [sys.executable, "-m", "nautobot_upgrade_jobs", "rehearse", "--format", "json"]
    words += ["--config", os.environ["NAUTOBOT_CONFIG"], "--python", sys.executable]
    words += ["--target", TARGET, "--directory", str(place)]
    with output.open("w") as file:
        return subprocess.Popen(words, stdout=file, stderr=subprocess.PIPE, text=True)


def fill(folder):
    """Use up the disk of a folder."""
    with (folder / "filler").open("wb") as file:
        for size in (64 * MEBIBYTE, MEBIBYTE, 4096):
            with contextlib.suppress(OSError):
                while True:
                    end = os.fstat(file.fileno()).st_size
                    os.posix_fallocate(file.fileno(), end, size)


def require_nothing_left(place):
    wait_until(lambda: not find_processes(place) and not list(place.glob("nautobot*")))


def test_rehearsal_on_a_small_disk_is_refused_before_the_copy(tmp_path):
    output = tmp_path / "report.json"
    with disk(700) as place:
        process = start(place, output)
        process.communicate()
        assert process.returncode == 3
        found = json.loads(output.read_text())["rehearsal"]
        assert "the copy needs" in found["copy"]["unavailable"]
        assert found["forward"] == found["copy"]
        require_nothing_left(place)


@pytest.mark.parametrize(
    ("stage", "seconds"),
    [("copy", 0), ("copy", 1.5), ("backup", 0), ("upgrade", 0), ("upgrade", 15)],
)
def test_rehearsal_on_a_disk_that_fills_up_names_the_stage(tmp_path, stage, seconds):
    output = tmp_path / "report.json"
    with disk(2000) as place:
        process = start(place, output)
        assert any(f", {stage}" in line for line in process.stderr)
        time.sleep(seconds)
        fill(place)
        process.communicate()
        (place / "filler").unlink()
        assert process.returncode == 3
        found = json.loads(output.read_text())["rehearsal"]
        problems = {each["name"]: each["problem"] for each in found["stages"] if each["problem"]}
        assert "space" in problems[stage].lower()
        assert "proven" not in {each["outcome"] for each in found["claims"]}
        require_nothing_left(place)
