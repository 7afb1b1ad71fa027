"""The wheel in the environment of a Nautobot that is too old for the App."""

import os
import subprocess

import pytest

from development.venvs import ensure_uv, find_python

pytestmark = pytest.mark.network
SECRET = "a-key-of-no-installation-at-all-0123456789-abcdefghij"
CONFIG = f"""from nautobot.core.settings import *
SECRET_KEY = {SECRET!r}
PLUGINS = ["nautobot_upgrade_jobs"]
"""


@pytest.mark.parametrize("release", ["1.6.32", "2.3.16", "2.4.0"])
def test_wheel_changes_no_package_of_an_old_nautobot_and_refuses_to_start(
    release, built, tmp_path
):
    """The packages of a Nautobot stay as they are, and the start ends with one line."""
    uv, venv = ensure_uv(), tmp_path / "venv"
    python = venv / "bin" / "python"

    def pip(*words):
        command = [uv, "-q", "pip", *words, "--python", python]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    subprocess.run([uv, "venv", "-q", "--python", find_python("2.4.44"), venv], check=True)
    pip("install", f"nautobot=={release}", "setuptools<81")
    before = set(pip("freeze").splitlines())
    pip("install", "--find-links", built[0].parent, "nautobot-upgrade-jobs")
    added = {line.partition("==")[0].partition(" @")[0] for line in pip("freeze").splitlines()}
    assert before <= set(pip("freeze").splitlines())
    assert added - {line.partition("==")[0] for line in before} <= {"nautobot-upgrade-jobs", "uv"}
    config = tmp_path / "nautobot_config.py"
    config.write_text(CONFIG)
    done = subprocess.run(
        [venv / "bin" / "nautobot-server", "check"],
        env=os.environ | {"NAUTOBOT_CONFIG": str(config), "NAUTOBOT_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [one for one in done.stderr.splitlines() if "nautobot_upgrade_jobs" in one]
    assert f"this is {release}" in line
